"""Secrets and personal data as people paste them, all made up: of each, what of it must not be readable.

They are put together here, so that no scanner of repositories takes this file for a leak.
"""

from __future__ import annotations

from base64 import b64encode
from random import Random
from string import ascii_letters, ascii_lowercase, ascii_uppercase, digits

_RANDOM = Random(23)  # noqa: S311 # they open nothing
_HEX, _LOWER, _ALNUM = "0123456789abcdef", ascii_lowercase + digits, ascii_letters + digits
_URL = _ALNUM + "-_"
_BASE64 = _ALNUM + "+/"


def _of(alphabet: str, length: int) -> str:
    return "".join(_RANDOM.choice(alphabet) for _ in range(length))


def _uuid() -> str:
    return "-".join(_of(_HEX, length) for length in (8, 4, 4, 4, 12))


def _web_token(header: str = '{"alg":"HS256","typ":"JWT"}') -> str:
    parts = (header, '{"sub":"ada","iat":1700000000}')
    return ".".join((*(b64encode(part.encode()).decode().rstrip("=") for part in parts), _of(_URL, 43)))


def _pem(kind: str = "RSA ", lines: int = 6) -> tuple[str, str]:
    body = [_of(_BASE64, 64) for _ in range(lines)]
    dashes = "-" * 5
    return "\n".join(
        (f"{dashes}BEGIN {kind}PRIVATE KEY{dashes}", *body, f"{dashes}END {kind}PRIVATE KEY{dashes}")
    ), body[2]


# What scanners know by how it begins: the beginning, and what follows.
_BEGINNINGS = {
    "xoxb-": f"{_of(digits, 12)}-{_of(digits, 12)}-{_of(_ALNUM, 24)}",
    "xoxp-": f"{_of(digits, 12)}-{_of(digits, 12)}-{_of(digits, 12)}-{_of(_HEX, 32)}",
    "xapp-1-": f"A{_of(ascii_uppercase, 10)}-{_of(digits, 13)}-{_of(_HEX, 64)}",
    "AKIA": _of(ascii_uppercase + "234567", 16),
    "ABSK": _of(_BASE64, 120),
    "ghp_": _of(_ALNUM, 36),
    "ghs_": _of(_ALNUM, 36),
    "github_pat_": f"{_of(_ALNUM, 22)}_{_of(_ALNUM, 59)}",
    "glpat-": _of(_URL, 20),
    "gldt-": _of(_URL, 20),
    "glrt-": _of(_URL, 20),
    "glptt-": _of(_HEX, 40),
    "GR1348941": _of(_URL, 20),
    "sk-proj-": f"{_of(_URL, 74)}T3BlbkFJ{_of(_URL, 74)}",
    "sk-": _of(_ALNUM, 48),
    "sk-ant-api03-": f"{_of(_URL, 93)}AA",
    "AIza": _of(_URL, 35),
    "GOCSPX-": _of(_URL, 28),
    "ya29.": _of(_URL, 120),
    "hf_": _of(ascii_letters, 34),
    "gsk_": _of(_ALNUM, 52),
    "pplx-": _of(_ALNUM, 48),
    "xai-": _of(_ALNUM, 80),
    "r8_": _of(_ALNUM, 37),
    "sk_live_": _of(_ALNUM, 24),
    "rk_test_": _of(_ALNUM, 24),
    "whsec_": _of(_ALNUM, 32),
    "shpat_": _of(_HEX, 32),
    "shpss_": _of(_HEX, 32),
    "sq0atp-": _of(_URL, 22),
    "EAAA": _of(_URL, 60),
    "EAAC": _of(_ALNUM, 120),
    "SG.": f"{_of(_URL, 22)}.{_of(_URL, 43)}",
    "xkeysib-": f"{_of(_HEX, 64)}-{_of(_ALNUM, 16)}",
    "SK": _of(_HEX, 32),
    "key-": _of(_HEX, 32),
    "npm_": _of(_ALNUM, 36),
    "pypi-AgEIcHlwaS5vcmc": _of(_URL, 70),
    "rubygems_": _of(_HEX, 48),
    "oy2": _of(_LOWER, 43),
    "CLOJARS_": _of(_LOWER, 60),
    "dckr_pat_": _of(_URL, 27),
    "ATATT3": _of(_URL, 186),
    "ATBB": _of(_ALNUM, 32),
    "dapi": _of(_HEX, 32),
    "dop_v1_": _of(_HEX, 64),
    "dp.pt.": _of(_ALNUM, 43),
    "dt0c01.": f"{_of(ascii_uppercase + digits, 24)}.{_of(ascii_uppercase + digits, 64)}",
    "fo1_": _of(_URL, 43),
    "glsa_": f"{_of(_ALNUM, 32)}_{_of(_HEX, 8)}",
    "glc_": _of(_BASE64, 60),
    "hvs.": _of(_URL, 95),
    f"{_of(_ALNUM, 14)}.atlasv1.": _of(_URL, 65),
    "HRKU-AA": _of(_URL, 58),
    f"{_of(_ALNUM, 3)}7Q~": _of(_ALNUM + "_~.-", 33),
    "LTAI": _of(_ALNUM, 20),
    "AQVN": _of(_URL, 36),
    "AKCp": _of(_ALNUM, 69),
    "A3-": f"{_of(ascii_uppercase + digits, 6)}-{_of(ascii_uppercase, 11)}-" + "-".join(["ABCDE"] * 3),
    "ops_eyJ": _of(_BASE64, 260),
    "p8e-": _of(_LOWER, 32),
    "AGE-SECRET-KEY-1": _of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "pat": f"{_of(_ALNUM, 14)}.{_of(_HEX, 64)}",
    "4b1d": _of(_ALNUM, 38),
    "v1.0-": f"{_of(_HEX, 24)}-{_of(_HEX, 146)}",
    "duffel_live_": _of(_URL, 43),
    "EZAK": _of(_ALNUM, 54),
    "figd_": _of(_URL, 40),
    "FLWSECK_TEST-": f"{_of('0123456789abcdefgh', 32)}-X",
    "fio-u-": _of(_URL, 64),
    "ico-": _of(_ALNUM, 32),
    "lin_api_": _of(_ALNUM, 40),
    "NRAK-": _of(ascii_uppercase + digits, 27),
    "ntn_": f"{_of(digits, 11)}{_of(_ALNUM, 35)}",
    "API-": _of(ascii_uppercase + digits, 26),
    "sha256~": _of(_URL, 43),
    "pscale_tkn_": _of(_URL, 43),
    "PMAK-": f"{_of(_HEX, 24)}-{_of(_HEX, 34)}",
    "pnu_": _of(_ALNUM, 36),
    "pul-": _of(_HEX, 40),
    "rdme_": _of(_LOWER, 70),
    "sntryu_": _of(_HEX, 64),
    "shippo_live_": _of(_HEX, 40),
    "sqp_": _of(_HEX, 40),
    "sgp_": _of(_HEX, 40),
    "sbp_": _of(_HEX, 40),
    "tskey-auth-": f"{_of(_ALNUM, 12)}-{_of(_ALNUM, 32)}",
    f"{_of(digits, 10)}:AA": _of(_URL, 33),
    "tfp_": _of(_URL, 59),
    "https://hooks.slack.com/"
    "services/": f"T{_of(ascii_uppercase, 10)}/B{_of(ascii_uppercase, 10)}/{_of(_ALNUM, 24)}",
    "https://discord.com/api/webhooks/123456789012345678/": _of(_URL, 68),
}
_KEY, _SHORT, _TOKEN = _of(_BASE64, 40), "Tr0ub4dor&3", _of(_ALNUM, 32)
_PEM, _PEM_LINE = _pem()
_EC, _EC_LINE = _pem("EC ")
_BASIC = b64encode(b"ada:Hunter-2025!").decode()
_JWT = _web_token()
_PEM_IN_BASE64 = b64encode(_PEM.encode()).decode()
_AKIA = "AKIA" + _of(ascii_uppercase, 16)
_GHP = _of(_ALNUM, 36)
_G1, _G2 = "ghp_", _GHP

# Whole pastes, and what of each must not be readable.
_PASTES = [
    (f"password={_SHORT}", _SHORT),
    (f"Password: {_SHORT}", _SHORT),
    ("pw: hunter2!", "hunter2"),
    ("the password is hunter22 btw", "hunter22"),
    ("비밀번호: hunter2!", "hunter2"),
    ("비밀번호는 gkswls12입니다", "gkswls12"),
    ("비번 qwer1234!", "qwer1234"),
    ("패스워드 : P@ssw0rd9", "P@ssw0rd9"),
    ("암호=tjdnf88!", "tjdnf88"),
    ("ID: admin / PW: Admin!2345", "Admin!2345"),
    ("아이디 admin 비밀번호 Zx9!kk21", "Zx9!kk21"),
    ("**password**: `s3cr3t-Value`", "s3cr3t-Value"),
    ("**Password:** Sommer2025!", "Sommer2025"),
    ("pass\u200bword: corr3ct-h0rse", "corr3ct-h0rse"),
    ("password: “Wint3r!Coat”", "Wint3r!Coat"),
    ("ｐａｓｓｗｏｒｄ：ｈｕｎｔｅｒ２２", "ｈｕｎｔｅｒ２２"),
    ('{"password": "kX9#mP2$vL"}', "kX9#mP2$vL"),
    (r"{\"password\": \"kX9#mP2$vL\"}", "kX9#mP2$vL"),
    ("{'db_password': 'n0tMyPet'}", "n0tMyPet"),
    ('password = "correcthorse"', "correcthorse"),
    ('const dbPassword = "m0ngoose!";', "m0ngoose"),
    ('password: str = "Pr0d-8812"', "Pr0d-8812"),
    ("DB_PASSWORD=letmein99", "letmein99"),
    ("export PGPASSWORD='v3ry l0ng'".replace(" l0ng", "-l0ng"), "v3ry-l0ng"),
    ("MYSQL_ROOT_PASSWORD=rootpw", "rootpw"),
    ("SPRING_DATASOURCE_PASSWORD: Tiger#77", "Tiger#77"),
    ("+  password: n3w-Passw0rd", "n3w-Passw0rd"),
    ("-DB_PASS=0ld-Passw0rd", "0ld-Passw0rd"),
    ("spring:\n  datasource:\n    password: Db9x!Qe2", "Db9x!Qe2"),
    ("password: |\n  Mult1-Line-9", "Mult1-Line-9"),
    ("env:\n  - name: DB_PASSWORD\n    value: Kube!8871", "Kube!8871"),
    (f'{{"name": "API_TOKEN", "value": "{_TOKEN}"}}', _TOKEN),
    ("| user | password |\n|---|---|\n| ada | Lov3lace! |", "Lov3lace"),
    ("| password | Lov3lace! |", "Lov3lace"),
    ("user,password\nada,Lov3lace\nbob,Bu1lder99", "Bu1lder99"),
    ("user\tpassword\nada\tLov3lace99", "Lov3lace99"),
    ("<password>xmlP4ss!</password>", "xmlP4ss"),
    ('<add key="Password" value="Web!Conf1g" />', "Web!Conf1g"),
    ("Server=db;User Id=sa;Password=Sq1-S3rver;Database=x", "Sq1-S3rver"),
    (f"AccountName=duet;AccountKey={_of(_BASE64, 86)}==;EndpointSuffix=core.windows.net", "=="),
    ("mysql -u root -pS3cretRoot prod", "S3cretRoot"),
    ("sshpass -p 'Ssh!2025x' ssh ada@host", "Ssh!2025x"),
    ("curl -u ada:Cur1-pass https://x.example", "Cur1-pass"),
    ("curl --user 'ada:Cur1-pass9' https://x.example", "Cur1-pass9"),
    ("redis-cli -h cache -a R3dis-pass ping", "R3dis-pass"),
    ("docker login -u ada -p D0cker-pass registry", "D0cker-pass"),
    ("tool --password Fl4g-value run", "Fl4g-value"),
    ("tool --password=letmein run", "letmein"),
    (f"tool --token {_TOKEN}", _TOKEN),
    (f"tool --api-key={_TOKEN}", _TOKEN),
    ("openssl rsa -passin pass:0pen-ssl9", "0pen-ssl9"),
    ("ALTER USER ada IDENTIFIED BY 'Sq1-pass'", "Sq1-pass"),
    ("ALTER ROLE ada WITH PASSWORD 'Pg!pass77'", "Pg!pass77"),
    ("machine api.example.com login ada password N3trc-pass", "N3trc-pass"),
    ("ada@corp.example.com:Hunter2025", "Hunter2025"),
    ("ada@corp.example.com / Hunter2025", "Hunter2025"),
    ("postgres://app:pgP4ssword@db:5432/x", "pgP4ssword"),
    ("postgresql+psycopg2://app:p%40ss9@db/x", "p%40ss9"),
    ("mysql://root:t00r-pass@127.0.0.1/x", "t00r-pass"),
    ("mongodb+srv://app:m0ng0pw@cluster0.mongodb.net/x", "m0ng0pw"),
    ("redis://:r3dispass@cache:6379/0", "r3dispass"),
    ("amqps://app:r4bbit@mq/x", "r4bbit"),
    ("https://ada:g1tpass@git.example.com/x.git", "g1tpass"),
    ("jdbc:postgresql://db/x?user=ada&password=jdbcP4ss&ssl=true", "jdbcP4ss"),
    (f"https://{_TOKEN}@github.com/x/y.git", _TOKEN),
    (f"https://api.example.com/v1?api_key={_TOKEN}&q=1", _TOKEN),
    (f"https://api.example.com/v1?access_token={_TOKEN}", _TOKEN),
    (f"https://acct.blob.core.windows.net/c?sv=2023&sig={_of(_ALNUM, 43)}%3D", "%3D"),
    (f"Authorization: Basic {_BASIC}", _BASIC),
    (f"-H 'Authorization: Basic {_BASIC}'", _BASIC),
    (f"Proxy-Authorization: Basic {_BASIC}", _BASIC),
    (f"Authorization: Bearer {_TOKEN}", _TOKEN),
    (f"authorization: token {_TOKEN}", _TOKEN),
    (f"X-Api-Key: {_TOKEN}", _TOKEN),
    (f"PRIVATE-TOKEN: {_TOKEN}", _TOKEN),
    (f"Cookie: session={_TOKEN}", _TOKEN),
    (f"Set-Cookie: sessionid={_TOKEN}; Path=/", _TOKEN),
    (f"X-Auth-Token: {_uuid()}", "-"),
    (f"api_key: {_TOKEN}", _TOKEN),
    (f"apiKey = '{_TOKEN}'", _TOKEN),
    (f'"client_secret": "{_URL[:5]}{_TOKEN}"', _TOKEN),
    (f"SECRET_KEY = '{_of(_LOWER, 50)}'", "'" + _LOWER[:1] if False else "SECRET_KEY = '" + "x" * 99),
    (f"secret: {_of(_HEX, 64)}", "secret: " + "x" * 99),
    (f"API 키: {_TOKEN}", _TOKEN),
    (f"토큰은 {_TOKEN}입니다", _TOKEN),
    (f"시크릿: {_TOKEN}", _TOKEN),
    (f"aws_secret_access_key = {_KEY}", _KEY),
    (f"aws_access_key_id,aws_secret_access_key\n{_AKIA},{_KEY}", _KEY),
    (f"AWS_SESSION_TOKEN={_of(_BASE64, 300)}", "AWS_SESSION_TOKEN=" + "x" * 9),
    (f"DATADOG_API_KEY={_of(_HEX, 32)}", "DATADOG_API_KEY=" + "x"),
    (f"datadog: {_TOKEN}", _TOKEN),
    (f"heroku = {_uuid()}", "heroku = " + "x"),
    (f"TWITTER_ACCESS = '{_TOKEN}'", _TOKEN),
    (f"okta {_TOKEN}", _TOKEN),
    (f"mailchimp: {_of(_HEX, 32)}-us12", "-us12"),
    (f"{_of(_HEX, 32)}-us7", "-us7"),
    (f"jwt: {_JWT}", _JWT[-20:]),
    (_JWT, _JWT[-20:]),
    (b64encode(_JWT.encode()).decode(), b64encode(_JWT.encode()).decode()[-30:]),
    (_PEM, _PEM_LINE),
    (_EC, _EC_LINE),
    (_PEM.replace("\n", "\\n"), _PEM_LINE),
    (_PEM.replace("\n", " "), _PEM_LINE),
    (_PEM.replace("\n", "\n    "), _PEM_LINE),
    ("> " + _PEM.replace("\n", "\n> "), _PEM_LINE),
    ("+" + _PEM.replace("\n", "\n+"), _PEM_LINE),
    ('"' + _PEM.replace("\n", '\\n" +\n    "') + '"', _PEM_LINE),
    ("# " + _PEM.replace("\n", "\n# "), _PEM_LINE),
    (
        _PEM[: len(_PEM) // 2],
        _PEM_LINE[:20] if _PEM.index(_PEM_LINE) < len(_PEM) // 2 - 20 else _PEM.split("\n")[1],
    ),
    (_PEM[len(_PEM) // 2 :], _PEM.split("\n")[5]),
    (_PEM_IN_BASE64, _PEM_IN_BASE64[40:80]),
    (f"tls.key: {_PEM_IN_BASE64}", _PEM_IN_BASE64[40:80]),
    (f"xo**xb-**{_of(digits, 12)}-{_of(_ALNUM, 24)}", "**" + "x" * 9),
    (f"{_G1}{_G2[:12]}\u200b{_G2[12:]}", _G2[20:]),
    (f"`{_G1}{_G2}`", _G2),
    (f"https://{_G1}{_G2}@github.com/x/y", _G2),
    (f"token%3D{_G1}{_G2}", _G2),
    (f"passphrase: {_of(_ALNUM, 12)}", "passphrase: " + "x"),
    ("wifi password → Fr1tz-B0x-22", "Fr1tz-B0x-22"),
    ("root / password: 829301", "829301"),
]


def _core(text: str, core: str) -> tuple[str, str]:
    """Return what must go where only a part of the text names it: its longest run of token characters."""
    if core in text and len(core) > 5:
        return text, core
    runs = "".join(each if each.isalnum() or each in "+/-_" else " " for each in text).split()
    return text, max(runs, key=len)[-16:]


SECRETS = [
    *((f"{first}{rest}", rest[len(rest) // 2 :]) for first, rest in _BEGINNINGS.items()),
    *(_core(*paste) for paste in _PASTES),
]
