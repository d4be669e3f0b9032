"""The passwords that guessing starts with: known from leaks, of eight characters and more.

A short list on purpose: the limits on failures (sign_in_attempts.py) keep a guesser from getting
far in a longer one (NIST SP 800-63B, 3.1.1.2, asks for a list of about that reach).
"""

COMMON = frozenset(
    """
    00000000 0123456789 0987654321 1029384756 11111111 111111111 1111111111 11223344 1122334455
    112233445566 12121212 123123123 123123qwe 12341234 12344321 12345678 123456789 1234567890
    12345678910 1234567891 123456789a 123456789q 12345678a 12345678q 1234qwer 123654789 123qweasd
    123qwe123 12qwaszx 13131313 147258369 147852369 159753456 1a2b3c4d 1q2w3e4r 1q2w3e4r5t
    1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 20202020 21212121 22222222 23232323 25802580
    31415926 33333333 44444444 55555555 66666666 741852963 77777777 789456123 87654321 88888888
    963852741 987654321 9876543210 99999999 a1b2c3d4 a1234567 a12345678 a123456789 aa123456
    aa12345678 aaaaaaaa abc12345 abc123456 abcd1234 abcdefgh access14 admin123 admin1234
    administrator alexander asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfghjkl1 azerty123
    azertyuiop baseball baseball1 basketball blink182 butterfly california changeme changeme1
    changeme123 charlie1 charlotte chocolate christian christopher cocacola computer computer1
    corvette danielle december dolphins dragon12 dragon123 elephant elizabeth england1 fernando
    firebird flower123 football football1 football123 forever1 freedom1 freepass gabriel1 garfield
    gateway1 gfhjkmrf google123 greenday hallo123 hardcore hello123 hello1234 helloworld hottie123
    iloveyou iloveyou1 iloveyou2 iloveyou! internet jasmine1 jennifer jessica1 jonathan jordan23
    justin123 kawasaki killer123 krishna1 lakers24 letmein1 letmein123 liverpool liverpool1
    london123 lovelove loveyou1 marlboro master123 maverick maxwell1 mercedes metallica michael1
    michelle midnight monkey12 monkey123 motorola mustang1 mypassword myspace1 naruto123 nicholas
    nintendo ninja123 november P@ssw0rd P@ssword Pa$$w0rd passpass passw0rd passw0rd1 password
    password! password0 password01 password1 password1! password11 password12 password123
    password123! password1234 password2 password3 password99 patricia peaches1 personal
    playstation pokemon1 pokemon123 porsche911 princess princess1 princess123 q1w2e3r4 q1w2e3r4t5
    q1w2e3r4t5y6 qazwsxedc qazwsx123 qqqqqqqq qwer1234 qwer4321 qwerasdf qwert123 qwert12345
    qwerty11 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty321 qwertyui qwertyuiop
    qwertyuiop1 qwertyuiop123 qwerqwer rainbow1 realmadrid rockstar rockyou1 samantha samsung1
    sandra123 scorpion scooter1 secret123 sebastian september slipknot snickers snowball
    spiderman spiderman1 startrek starwars starwars1 steelers sterling stephanie sunflower
    sunshine sunshine1 superman superman1 superstar sweetheart swordfish test1234 test12345
    testtest thebeatles thomas123 thunder1 tinkerbell trustno1 undertaker vanessa1 veronica
    victoria victory1 wasdwasd welcome1 welcome123 welcome2 whatever whatever1 william1
    winner123 windows1 xxxxxxxx yankees1 yellow123 yourmom1 zaq12wsx zaq1zaq1 zxcv1234 zxcvbnm1
    zxcvbnm123 zzzzzzzz
    """.casefold().split()
)
