"""The words that the demonstration catalogue is made of: twelve categories of a general store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """How products of a category are called, what they come in, and what they cost.

    `options` are values of `axis` with the share of the price that each one has, in percent.
    `prices` is the range of base prices in whole dollars.
    """

    slug: str
    prefix: str
    brands: Sequence[str]
    kinds: Sequence[str]
    nouns: Mapping[str, str]
    axis: str
    options: Mapping[str, int]
    prices: tuple[int, int]


SIZES = {"S": 100, "M": 100, "L": 100, "XL": 110}
CATEGORIES = (
    Category(
        "tea", "TEA", ("Harbour & Leaf", "Nine Terraces", "Old Quay"),
        ("Highland", "Spring Harvest", "Smoked", "Organic", "Jasmine", "Winter"),
        {
            "Green Tea": "Steamed whole leaves with a fresh, grassy cup",
            "Black Tea": "Brisk and malty, made for milk",
            "Oolong": "Half-oxidised leaves that open over several infusions",
            "White Tea": "Young buds, withered in the sun and left alone",
            "Rooibos": "Naturally free of caffeine, sweet and round",
            "Herbal Blend": "A garden in a cup, for the evening",
            "Matcha": "Stone-ground leaves for bowl and whisk",
        },
        "weight", {"50 g": 100, "100 g": 185, "250 g": 420}, (6, 24),
    ),
    Category(
        "coffee", "COF", ("Drumlin Roasters", "Second Crack", "Casa Alta"),
        ("Single-Origin", "Washed", "Natural", "Dark Roast", "Breakfast", "Decaf"),
        {
            "Espresso Beans": "Roasted for a thick body and a long finish",
            "Filter Beans": "A light roast that keeps the fruit of its farm",
            "Ground Coffee": "Milled for moka pots and cafetières",
            "Cold Brew Packs": "Coarse bags that steep overnight in the fridge",
            "Coffee Capsules": "Compostable capsules for the usual machines",
            "Instant Coffee": "Freeze-dried, and better than it needs to be",
            "House Blend": "Chocolate, hazelnut and no surprises",
        },
        "weight", {"250 g": 100, "500 g": 190, "1 kg": 360}, (8, 19),
    ),
    Category(
        "kitchen", "KIT", ("Ironwood", "Maison Verre", "Plain Goods"),
        ("Cast-Iron", "Enamelled", "Carbon-Steel", "Stoneware", "Walnut", "Copper"),
        {
            "Skillet": "Heats evenly and lasts longer than its owner",
            "Saucepan": "A heavy base, a tight lid and a handle that stays cool",
            "Chopping Board": "End grain that is kind to knives",
            "Chef's Knife": "A thin edge with a full tang behind it",
            "Mixing Bowl": "Deep enough to whisk without an apron",
            "Kettle": "Pours where you point it",
            "Baking Dish": "From the oven straight to the table",
        },
        "colour", {"Black": 100, "Cream": 100, "Sea Blue": 105}, (18, 140),
    ),
    Category(
        "home", "HOM", ("Plain Goods", "Nordvik", "Loom & Lath"),
        ("Linen", "Washed-Cotton", "Wool", "Handwoven", "Recycled", "Quilted"),
        {
            "Throw": "Warm, light, and washed before it reaches you",
            "Cushion": "A feather inner in a cover that comes off",
            "Bed Sheet": "Deep corners that stay where they are put",
            "Towel": "Thirsty loops and a flat, tidy hem",
            "Table Runner": "For the long side of a Sunday",
            "Curtain": "Lined, weighted, and ready to hang",
            "Rug": "Flat-woven, so that doors still open over it",
        },
        "size", {"Small": 100, "Large": 165}, (16, 180),
    ),
    Category(
        "garden", "GAR", ("Fieldgate", "Thornley", "Green Acre"),
        ("Forged", "Galvanised", "Ash-Handled", "Terracotta", "Folding", "Heritage"),
        {
            "Hand Trowel": "Goes through clay without bending",
            "Secateurs": "Bypass blades, sharp and easy to sharpen",
            "Watering Can": "A long neck and a rose that does not drip",
            "Planter": "Thick walls that survive a frost",
            "Garden Fork": "Four tines for beds that were forgotten",
            "Seed Tray": "Deep cells and a lid that keeps the warmth",
            "Kneeler": "Two hours of weeding, no regrets",
        },
        "size", {"Small": 100, "Medium": 130, "Large": 170}, (9, 85),
    ),
    Category(
        "books", "BOK", ("Lantern Press", "Quayside Books", "Third Shelf"),
        ("A Field Guide to", "The Quiet Art of", "Letters on", "A Short History of",
         "Essays on", "The Practical Book of"),
        {
            "Bread": "Flour, water, salt, time, and photographs of all four",
            "Rivers": "From the spring to the delta in twelve chapters",
            "Night Trains": "Timetables, tea and other people's luggage",
            "Small Gardens": "What grows where there is no room",
            "Repair": "Against throwing things away",
            "Maps": "How the world came to be folded",
            "Birdsong": "Who is singing, and why so early",
        },
        "format", {"Paperback": 100, "Hardback": 175}, (11, 28),
    ),
    Category(
        "stationery", "STA", ("Third Shelf", "Inkwell & Co", "Papier Nord"),
        ("Clothbound", "Dotted", "Brass", "Recycled", "Pocket", "Archival"),
        {
            "Notebook": "Lies flat and takes ink without bleeding",
            "Fountain Pen": "A steel nib that forgives a heavy hand",
            "Pencil Set": "Cedar, in five grades from soft to strict",
            "Desk Diary": "A week on two pages, with room for more",
            "Letter Paper": "Laid sheets with their envelopes",
            "Ruler": "Marks that do not rub off",
            "Card Box": "Two hundred cards and dividers for them",
        },
        "colour", {"Charcoal": 100, "Forest": 100, "Rust": 100}, (5, 48),
    ),
    Category(
        "audio", "AUD", ("Tonwerk", "Halcyon Sound", "Northfield Audio"),
        ("Wireless", "Studio", "Compact", "Noise-Cancelling", "Portable", "Reference"),
        {
            "Headphones": "Thirty hours between charges, and a cable for the thirty-first",
            "Earbuds": "Three sizes of tips and a case that fits a coin pocket",
            "Speaker": "More room than its size suggests",
            "Turntable": "Belt drive, a good cartridge, no fuss",
            "Microphone": "Plugs in, sounds like you",
            "Amplifier": "Fifty honest watts per channel",
            "Radio": "Stations without an account",
        },
        "colour", {"Black": 100, "Silver": 100, "Midnight": 104}, (39, 420),
    ),
    Category(
        "lighting", "LIT", ("Nordvik", "Lumen Hall", "Tonwerk"),
        ("Brass", "Paper", "Opal", "Adjustable", "Smoked-Glass", "Dimmable"),
        {
            "Desk Lamp": "Light on the page and not in the eyes",
            "Floor Lamp": "A corner worth sitting in",
            "Pendant": "Hangs low over a table without glare",
            "Wall Light": "Two metres of cable or none at all",
            "Bedside Lamp": "A touch for less, a touch for off",
            "String Lights": "Ten metres of warm white for wet evenings",
            "Lantern": "Rechargeable, and happy on a hook",
        },
        "finish", {"Matt": 100, "Polished": 112}, (22, 260),
    ),
    Category(
        "outdoors", "OUT", ("Fellside", "Ridgeline", "Tarn & Scree"),
        ("Ultralight", "Four-Season", "Insulated", "Packable", "Expedition", "Trail"),
        {
            "Tent": "Stands up in the wind that put the others down",
            "Sleeping Bag": "Warm to the temperature on its label",
            "Backpack": "Carries on the hips, as it should",
            "Water Bottle": "Cold for a day, hot for half of one",
            "Head Torch": "A wide beam, a red one, and a switch for gloves",
            "Stove": "A litre boiled in three minutes",
            "Dry Bag": "Rolled three times, it floats",
        },
        "size", {"Regular": 100, "Large": 118}, (19, 380),
    ),
    Category(
        "toys", "TOY", ("Kindling", "Hobbin", "Little Orbit"),
        ("Wooden", "Magnetic", "Giant", "First", "Travel", "Classic"),
        {
            "Building Blocks": "Beech blocks, sanded round, in a cotton sack",
            "Puzzle": "Thick pieces with a satisfying click",
            "Train Set": "Track, bridge, and an engine that climbs it",
            "Board Game": "Twenty minutes, two to five players, no tears",
            "Kite": "Flies in almost no wind",
            "Chess Set": "Weighted pieces on a board that folds",
            "Doll's House": "Three floors and a door that locks",
        },
        "edition", {"Standard": 100, "TokenFamily": 150}, (9, 95),
    ),
    Category(
        "clothing", "CLO", ("Loom & Lath", "Fellside", "Common Thread"),
        ("Merino", "Organic-Cotton", "Corduroy", "Waxed", "Brushed", "Linen"),
        {
            "Jumper": "Knitted in one piece, so that nothing scratches",
            "Shirt": "A soft collar that stands up on its own",
            "Overshirt": "The layer for spring and for trains",
            "Socks": "Reinforced where socks give up",
            "Trousers": "A straight leg and pockets that hold things",
            "Scarf": "Long enough to wrap twice",
            "Jacket": "Keeps out the rain and most opinions",
        },
        "size", SIZES, (14, 190),
    ),
)  # fmt: skip
