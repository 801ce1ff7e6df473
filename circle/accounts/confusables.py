"""Letters that look alike, for `usernames.username_key`. A generated table; data, no rules.

Source: confusables.txt of Unicode Technical Standard #39 (Unicode Security Mechanisms; 15.0.0 in
the newest copy that codebox/homoglyph carries, from whose commit 5c87651 the codes were taken).
Copyright 1991-2022 Unicode, Inc., used under the Unicode License (https://www.unicode.org/license.txt),
which permits copying and modifying the data files when this notice stays with them.

What was kept: letters and digits that survive NFKC, case folding and NFKD, and their targets made
final, so that one pass folds a name. A small letter with no entry of its own folds as its capital
does (Cyrillic ve looks like nothing, but its capital is a B, and names ignore case).
What was changed: no Han character folds into another one (the source does so for 37 pairs such as
58EB and 571F, which are different words), nor do the vowels of Hangul syllables.
What was added, in `_ADDED`: i and w, stroked Latin letters, and kana that pass for Han or each other.
"""

from typing import Final

# What a letter folds to -> the letters, as hexadecimal code points.
_UNICODE: Final = {
    "2": "1a8 3e9 14bf a645 a75b",
    "3": "21d 25c 292 437 4e1 2ccd a76b 118ca 16f3b",
    "4": "13ce 118cf",
    "5": "118db",
    "6": "431 13ee 2cd3 118d5",
    "7": "104fa 118c6",
    "8": "223 1031a",
    "9": "2ccb a76f 118cc 118d6",
    "a": "251 3b1 430 13aa 15c5 a4ee 102a0 16f40",
    "aa": "a733",
    "ae": "e6 4d5",
    "ao": "a735",
    "au": "a737",
    "av": "a739 a73b",
    "ay": "a73d",
    "b": "185 3b2 432 44c 13cf 13f4 1472 15af 15f7 a4d0 a7b5 10282 102a1 10301",
    "bl": "44b",
    "c": "441 13df 1d04 2ca5 a4da 102a2 10302 1043d 1051c",
    "d": "501 13a0 13e7 146f 15de 15ea a4d2 a4d3",
    "dz": "2a3",
    "e": "3b5 435 4bd 13ac 2d39 a4f0 ab32 10286 118ce",
    "f": "3dd 584 15b4 1e9d a4dd a799 ab35 10287 102a5 10525 118c2",
    "g": "18d 261 50d 581 13c0 13f3 1d83 a4d6",
    "h": "3b7 43d 4bb 570 13bb 13c2 157c 2c8f a4e7 102cf",
    "j": "29d 3f3 458 13ab 148d a4d9",
    "k": "3ba 43a 13e6 16d5 2c95 a4d7 10518",
    "l": (
        "131 1c0 269 26a 3b9 456 4cf 5d5 5df 627 7ca 13a5 13de 14aa 16c1 2c93 2cd1 2d4f a4e1 a4f2 a647 "
        "1028a 10309 10443 10526 118c3 118d2 16f16 16f28"
    ),
    "ll": "1c1 5f0",
    "lo": "44e",
    "ls": "2aa",
    "lz": "2ab",
    "n": "578 57c 2c9b a4e0 10513",
    "o": (
        "3bf 3c3 43e 585 5e1 647 6be 6c1 6d5 b20 d20 101d 10ff 12d0 1d0f 1d11 2c9f 2d54 3007 a4f3 ab3d "
        "10292 102ab 1042c 104ea 10516 118c8 118d7"
    ),
    "oe": "153",
    "oo": "a699 a74f",
    "p": "3c1 440 13e2 146d 2ca3 a4d1 10295",
    "q": "51b 563 566 2d55",
    "r": "280 433 13a1 13b1 13d2 1587 1d26 2c85 a4e3 ab47 ab48 104dc 16f35",
    "rn": "3bc 3fb 43c 13b7 15f0 16d6 2c99 a4df 102b0 10311 11700",
    "s": "1bd 455 57f 13d5 13da a4e2 a731 10296 10448 118c1 16f3a",
    "t": "3c4 442 13a2 2ca7 a4d4 10297 102b1 10315 16f0a",
    "t3": "a729",
    "tf": "a777",
    "ts": "2a6",
    "u": "28b 3c5 57d 1200 144c 1d1c a4f4 a79f ab4e ab52 104f6 118d8 16f42",
    "ue": "1d6b",
    "uo": "ab63",
    "v": "3bd 475 5d8 13d9 142f 1d20 2d38 a4e6 a6df 1051d 11706 118c0 16f08",
    "vv": "26f 461 51d 561 13b3 13d4 1d21 a4ea 1170a 1170e 1170f",
    "x": "3c7 445 1541 157d 16b7 2cad 2d5d a4eb ab53 10290 102b4 10317 10527",
    "y": "263 28f 3b3 443 4af 10e7 13a9 13bd 1d8c 1eff 2ca9 a4ec ab5a 102b2 118dc 16f43",
    "z": "3b6 13c3 1d22 a4dc 118c4 118c9",
    "\u4e8c": "30cb",
    "\u4ebb": "30a4",
    "\u516b": "30cf",
    "\u529b": "30ab",
    "\u535c": "30c8",
    "\u53e3": "30ed",
    "\u5915": "30bf",
    "\u5de5": "30a8",
}
_ADDED: Final = {
    "b": "180",
    "d": "111",
    "h": "127",
    "l": "69 31 142 268",
    "o": "30 f8",
    "rn": "6d",
    "t": "167",
    "vv": "77",
    "\u3078": "30d8",
    "\u308a": "30ea",
    "\u4e00": "30fc",
    "\u4e3f": "30ce",
}

#: Code point -> what it folds to; in the form `str.translate` takes.
CONFUSABLES: Final[dict[int, str]] = {
    int(code, 16): target for table in (_UNICODE, _ADDED) for target, codes in table.items() for code in codes.split()
}
