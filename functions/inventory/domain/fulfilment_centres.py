"""The fulfilment centres. Each one ships everywhere; the near ones are asked first."""

NEWARK, CHICAGO, FRANKFURT = "use1-ewr", "use1-ord", "euc1-fra"
CENTRES = (NEWARK, CHICAGO, FRANKFURT)

_EUROPE = (
    "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IL IM IS IT JE LI "
    "LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE SI SJ SK SM TR UA VA XK"
)
_SERVED_FROM_FRANKFURT = frozenset(_EUROPE.split())


def preference(country: str) -> tuple[str, ...]:
    """All centres, best first, for goods that go to this country."""
    if country in _SERVED_FROM_FRANKFURT:
        return (FRANKFURT, NEWARK, CHICAGO)
    return CENTRES
