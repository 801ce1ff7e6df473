"""Which user names and circle slugs may be taken, and when two names are too alike.

A name is shown as its owner wrote it; it is compared by `username_key`. Pure functions: whether a
key is taken already is the database's to say (a UNIQUE column over the key).
"""

import hashlib
import re
import unicodedata
from typing import Final

from circle.accounts.confusables import CONFUSABLES
from circle.core.markup import clean_line

MIN_LENGTH: Final = 2
MAX_LENGTH: Final = 20
KEY_LENGTH: Final = 80

_NAMES = """
abuse account accounts adm admin admins administrator administrators alert alerts announcement announcements
anon anonymous api app audit auth backup banned billing bot bots channel circle circles ceo cfo compliance
contact copyright cs cto customer-service daemon deleted deleted-user demo dev developer developers editor
email everybody everyone fan-circle feedback finance founder ftp guest guests help helpdesk here hostmaster
http https info invite it javascript legal localhost login logout mailer-daemon maintainer maintenance manager
marketing master me member members mod moderator moderators mods myself nobody none no-reply noreply notice
notices notification notifications notify official operator operators owner owners password payment payments
phone postmaster privacy register report reports robot root sales search secretary secure security self server
service services settings signin signout signup site smtp ssl sslwebmaster staff status sudo superadmin
superuser support sys sysadmin sysop system system-admin team teams test tester tests terms tos true false
unknown undefined user username users verified verify visitor wallet webmaster www yourname yourusername
管理员 管理員 超级管理员 超級管理員 系统管理员 系統管理員 管理团队 系统 系統 系统消息 系统通知
系統通知 通知 公告 官方 官方账号 官方帐号 官方客服 官方团队 客服 客服中心 在线客服 人工客服 版主
圈主 站长 站長 群主 房管 运营 运营团队 审核 审核员 审核中心 安全中心 举报中心 财务 财务中心 支付
支付中心 提现 粉丝圈 粉丝圈官方 小助手 圈子小助手 机器人 匿名 匿名用户 游客 访客 用户 会员 成员
已注销 已注销用户 已删除 注销用户 未知用户 所有人 全体成员 全员 大家 自己 测试 测试用户 微信
微信支付 微信客服 支付宝 腾讯客服
"""
#: User names nobody may take: whoever reads them must not believe that the site itself is speaking.
#: Some are missing because their key is that of a name or word people use: all (ali), mail (mali),
#: null (nuli), or because they are one: nan, su, you.
RESERVED: Final[frozenset[str]] = frozenset(_NAMES.split())

_SLUGS = """
about abuse access account accounts activate activities activity ad add address adm admin administration
administrator admins ads adult affiliate affiliates ajax alpha analytics announcement announcements anon anonymous
api apis app apple-app-site-association apps archive archives article articles asset assets atom audit auth
authentication authorize avatar avatars backup badge badges balance ban banner banners beta billing bin blog board
boards bookmark bookmarks bot bots browserconfig bug bugs c cache calendar callback campaign campaigns cancel
captcha card cards career careers cart categories category cdn certificate certificates cgi cgi-bin challenge
challenges changelog channel channels chat check checkin checkins checkout circle circles client code codes com
comment comments commission communities community company compare config configuration confirm connect console
contact contact-us contacts contest contribute cookie cookies copyright create credentials cron csp-report csrf css
customer dashboard data db debug default delete deleted demo deploy dev developer developers device devices
dictionary dir directory disable discover dispute dist doc docs documentation domain download downloads draft drafts
edit editor email emails embed employment enable enterprise entries entry error errors event events everyone example
exit expert experts explore export exports external fan-circle faq favicon favicon.ico favorite favorites favourite
favourites feature features feed feedback feeds file files finance follow followers following forgot forgot-password
form forms forum forums founder free friend friends ftp get gift gifts graphql group groups guest guests guide
health healthcheck healthz help helpdesk hide home homepage hook hooks host hosting hostmaster hostname hot html
http https icon icons id image images imap img import imports impressum inbox index info information inquiry
insights install internal intranet invitation invitations invite invites issue issues item items j job jobs join js
json jump key keys knowledgebase language languages last ldap-status leaderboard leave ledger legal level levels
license like likes link links list live livez local locale localhost log log-in log-out login logout logs m mail
mailer maintenance manage manager manifest manifest.json manual map maps market marketing master me media member
members membership memberships message messages metrics mobile mod moderation moderator moderators money msg mx my
name net network new news newsletter next nick nickname no-reply none noreply notes notice notices notification
notifications notify null oauth oauth-clients ob oembed offer offers official offline old onboarding online open
openapi openbadges openid operator order orders organization organizations outbox overview owner owners p packet
packets page pages panel password passwords pay payment payments payout payouts people php phpmyadmin ping plan
plans plugin plugins points policies policy pop popular portal post postmaster posts premium press preview price
pricing privacy privacy-policy private probe product products profile profiles project projects prometheus promo pub
public publish purchase push put q qa qr query question questions queue random rank ranking rankings raw read
readiness readme readyz recent recover recruit recruitment redeem redirect ref referral referrals refund refunds
register registration reload remove replies reply report reports repository request requests reset resource
resources review reviews reward rewards robots robots.txt role roles root rss rule rules s sale sales sample samples
save schema script scripts sdk search secure security segment segments self send server server-info server-status
service service-worker services session sessions setting settings setup share shares shop show showcase sign-in
sign-out sign-up signin signout signup site sitemap sitemap.xml sites smtp source sponsor sql src sse ssh ssl staff
staging start stat state static stats status storage store stories stream style styles stylesheet stylesheets
subdomain submit subscribe subscription subscriptions sudo superuser support survey surveys svg svn sw swagger sys
sysadmin system t tag tags task tasks team teams template templates term terms terms-of-service test test1 test2
test3 testing tests theme themes thread threads timeline tmp token tokens tool tools top topic topics tos tour track
translations trending trends tutorial u undef undefined unfollow unsubscribe update updates upgrade upload uploads
url usage user username users v1 v2 v3 verification verify version video videos vip visitor vote votes wallet wap
watch web webhook webhooks webmail webmaster webrtc website websocket wechat weixin welcome well-known widget
widgets wiki withdraw withdrawal withdrawals work worker works ws www www1 www2 www3 www4 wx xml xmlrpc xmpp xxx you
yourdomain yourname yoursite
"""
#: Slugs nobody may take. A circle lives at `/{slug}`, so every first path segment the site has or
#: may come to have belongs here, with file names browsers ask for and words that sound official.
RESERVED_SLUGS: Final[frozenset[str]] = frozenset(_SLUGS.split())

_SEPARATORS: Final = "._-"
_TOMBSTONE: Final = "~"
_BAD_SEPARATORS = re.compile(r"^[._-]|[._-]$|[.-][._-]|_[.-]")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
#: Modifier letters that words are written with: iteration and length marks of Han, kana, Thai, Lao.
_MODIFIERS: Final = frozenset("\u3005\u309d\u309e\u30fc\u30fd\u30fe\u0e46\u0ec6")
#: Letters and marks that show nothing: Hangul fillers, Khmer inherent vowels, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")
_MIXTURES: Final = (frozenset({"CJK", "HIRAGANA", "KATAKANA", "LATIN"}), frozenset({"HANGUL", "LATIN"}))
_MAX_MARKS: Final = 3


def _script(char: str) -> str:
    """Return the script of a letter or mark: the first word of its Unicode name, which tells it."""
    word = unicodedata.name(char, "").partition(" ")[0]
    return {"IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "KATAKANA"}.get(word, word)


def _scripts(name: str) -> set[str]:
    """Return the scripts `name` is written in; raises ValueError("charset") for what is no word."""
    scripts: set[str] = set()
    base, marks = "", 0
    for char in name:
        category = unicodedata.category(char)
        if category[0] == "M":
            script, marks = _script(char), marks + 1
            # General accents go with alphabets only; the two kana voicing marks are named COMBINING, too.
            fits = script == base or (script == "COMBINING" and base not in ("", "CJK", "HANGUL"))
            if not fits or category == "Me" or marks > _MAX_MARKS or _BLANK.match(char):
                raise ValueError("charset")
            continue
        base, marks = "", 0
        if char in _SEPARATORS or (char.isascii() and char.isdigit()):
            continue
        letter = category in ("Lu", "Ll", "Lt", "Lo") or char in _MODIFIERS or char == "\u3007"
        if not letter or _BLANK.match(char):
            raise ValueError("charset")
        base = _script(char)
        scripts.add(base)
    return scripts


def check_username(raw: str) -> str:
    """Return the form of a chosen user name that is shown; 2 to 20 characters after NFKC.

    Letters of one script, or Chinese, kana and Latin together, or Hangul and Latin; the marks these
    letters need; ASCII digits; underscores, and single hyphens and dots, inside. At least one letter.
    Raises ValueError with one of "too_short", "too_long", "charset", "mixed_script", "reserved".
    """
    # NFKC makes at most 18 characters out of one and joins no more than a few, so this is no name.
    if len(raw) > 20 * MAX_LENGTH:
        raise ValueError("too_long")
    name = unicodedata.normalize("NFKC", clean_line(raw))
    if len(name) < MIN_LENGTH:
        raise ValueError("too_short")
    if len(name) > MAX_LENGTH:
        raise ValueError("too_long")
    scripts = _scripts(name)
    if not scripts or _BAD_SEPARATORS.search(name):
        raise ValueError("charset")
    if len(scripts) > 1 and not any(scripts <= mixture for mixture in _MIXTURES):
        raise ValueError("mixed_script")
    if _resembles(name, _RESERVED_KEYS):
        raise ValueError("reserved")
    return name


def username_key(name: str) -> str:
    """Return what two names share when they read the same: the form to compare and keep unique.

    Ignores case, width, accents on Latin letters, invisible characters and which separator stands
    where; folds letters and digits that look alike (0 o, 1 l i, m rn, w vv, Cyrillic, Greek and other
    twins of Latin letters). Han characters stay distinct. At most 80 characters; idempotent; takes
    any string. Follows UTS #39's skeleton (NFKD, map, normalise) with case folding before it.
    """
    text = name[: 20 * MAX_LENGTH]
    for _ in range(4):  # case folding undoes normalisation and the other way round, twice at most
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        if folded == text:
            break
        text = folded
    kept: list[str] = []
    for char in text.translate(CONFUSABLES):
        category = unicodedata.category(char)
        if category[0] in "CZ" or _BLANK.match(char):
            continue
        last = kept[-1] if kept else ""
        if char in _SEPARATORS:
            if last != "_":
                kept.append("_")
        elif category[0] != "M" or not (last.isascii() and last.isalnum()):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))[:KEY_LENGTH]


def same_spelling(name: str) -> str:
    """Return what a name and its spellings in another case or width share; look-alike characters stay distinct."""
    return unicodedata.normalize("NFKC", name).casefold()


def tombstone(key: str) -> str:
    """What stays of the key of a name whose account was deleted: enough to know the name again, not to read it.

    No key of a name looks like it, and the tombstone of a tombstone is itself.
    """
    if key.startswith(_TOMBSTONE):
        return key
    return _TOMBSTONE + hashlib.sha256(f"circle deleted name\0{key}".encode()).hexdigest()[:64]


def check_slug(raw: str) -> str:
    """Return `raw` if it may become a circle's slug: 3 to 40 of a-z, 0-9 and single inner hyphens.

    Not digits only, since ids look like that. Raises ValueError with one of "too_short", "too_long",
    "charset", "reserved".
    """
    if len(raw) < 3:
        raise ValueError("too_short")
    if len(raw) > 40:
        raise ValueError("too_long")
    if not _SLUG.fullmatch(raw) or "--" in raw or raw.isdigit():
        raise ValueError("charset")
    if _resembles(raw, _RESERVED_SLUG_KEYS):
        raise ValueError("reserved")
    return raw


def _closed_up(key: str) -> str:
    return key.replace("_", "")


def _keys(names: frozenset[str]) -> frozenset[str]:
    return frozenset(_closed_up(username_key(name)) for name in names)


def _resembles(name: str, keys: frozenset[str]) -> bool:
    # Separators make another name, but ad.min must not pass where admin does not.
    return _closed_up(username_key(name)) in keys


_RESERVED_KEYS: Final = _keys(RESERVED)
_RESERVED_SLUG_KEYS: Final = _keys(RESERVED_SLUGS)
