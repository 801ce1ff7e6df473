"""Passwords of eight and more characters that are tried first everywhere, lower case. An own list, kept short: it
stops the careless choice, the sign-in throttle stops the rest."""

from __future__ import annotations

from typing import Final

_WORDS = """
12345678 123456789 1234567890 12345678910 123456789a 1234567891 12345670 12345679 123456780 123123123 1231231234
123321123 123454321 1234554321 123456654321 12344321 1234512345 12341234 123412345 11223344 1122334455 112233445566
11112222 11221122 12121212 1212121212 13131313 13141314 1314520520 5201314520 52013145 520131400 52013141314
01234567 0123456789 012345678 987654321 9876543210 98765432 87654321 876543210 0987654321 09876543 7894561230
789456123 78945612 147258369 1472583690 159753456 159357456 147852369 741852963 963852741 321654987 369258147
14725836 14789632 135792468 1357924680 246813579 24681012 10203040 102030405 1020304050 10101010 20202020
19801980 19851985 19861986 19871987 19881988 19891989 19901990 19911991 19921992 19931993 19951995 20002000
20082008 20202021 20212022 20222023 20232024 20242025 20252026 88888888a 66668888 88886666 16881688 51885188
12345qwert 1234qwer 1234asdf 123qweasd 123qweasdzxc 123456qwerty 12345abcde 123456abc 12345678a 12345678q 12345678z
123456aa 123456qq 123456ab 123456asd 123456qwe 123456zxc 123456789q 123456789z 123456789abc 123abc123 123asd123
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 1qaz1qaz 1a2b3c4d 1a2s3d4f 1z2x3c4v q1w2e3r4
q1w2e3r4t5 qwer1234 qwer12345 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyui qwertyuiop qwertyuiop123
qwe123456 qwe123qwe qweasdzxc qweasd123 qazwsxedc qazwsx123 qazwsxedcrfv zaq12wsx zaq1zaq1 zaq1xsw2 xsw21qaz
zxcvbnm1 zxcvbnm123 zxcvbnm, zxcvasdf asdfghjk asdfghjkl asdfghjkl123 asdf1234 asdfasdf asd123456 asdasd123 asdqwe123
aa123456 aa12345678 aa123456789 aaa123456 a1234567 a12345678 a123456789 a1b2c3d4 a1b2c3d4e5 ab123456 ab12345678
abc12345 abc123456 abc1234567 abc123456789 abc123abc abcd1234 abcd12345 abcde12345 abcdef12 abcdefg1 abcdefg123
abcdefgh abcdefghi abcdefghij abcdabcd q1234567 q12345678 q123456789 w123456789 z123456789 zz123456 zxc123456 qq123456
qq123456789 qq12345678 qq1234567 wang1234 wang123456 wangwang zhang123 zhang123456 liu123456 li123456 chen123456
yang123456 zhao123456 woaini520 woaini521 woaini1314 woaini123 woaini5201314 woaiwojia woainima woainiwoaini iloveyou
iloveyou1 iloveyou123 iloveyou520 iloveyou1314 loveyou520 love1314 love5201314 aini1314 caonima123 nihao123 nihaoma123
tiantian xiaoxiao woshishui wodemima mima1234 mima123456 mimamima beijing2008 shanghai zhongguo china123 woaizhongguo
password password1 password12 password123 password1234 password12345 password! passw0rd p@ssw0rd p@ssword pa55word
pass1234 pass12345 passpass mypassword changeme changeme1 changeme123 letmein1 letmein123 welcome1 welcome12
welcome123 administrator admin123 admin1234 admin12345 admin123456 admin888 adminadmin root1234 root123456 rootroot
toor1234 user1234 guest123 guest1234 test1234 test12345 test123456 testtest testing123 default1 secret123 computer
internet football football1 baseball basketball superman superman1 batman123 spiderman pokemon123 starwars
princess princess1 sunshine sunshine1 michael1 michelle jennifer jordan23 charlie1 liverpool chelsea1 arsenal1
barcelona trustno1 whatever dragon123 monkey123 master123 shadow123 samsung1 samsung123 huawei123 google123 facebook
linkedin alexander elephant butterfly chocolate blink182 corvette mercedes midnight maverick steelers victoria
access14 1password !@#$%^&* !qaz2wsx !qaz@wsx abc@1234 abc@123456 admin@123 admin@1234 test@123 pass@123 pass@1234
welcome@123 qwer@1234 aa@123456 huawei@123 p@ssw0rd123 q1w2e3r4t5y6 000000000 a000000000 a11111111 a88888888
"""
COMMON: Final[frozenset[str]] = frozenset(_WORDS.split())
