"""Texts in six languages, as prose, tables and code of many lengths, in the encodings they come in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_PROSE = {
    "ko": """\
다음 주 화요일 오후 세 시에 분기 보고서를 함께 검토하겠습니다.
지난달보다 매출은 십이 퍼센트 늘었지만 반품도 조금 늘었습니다.
회의실은 삼 층 끝에 있으니 엘리베이터에서 내려 왼쪽으로 오시면 됩니다.
서버를 다시 시작하기 전에 반드시 백업이 끝났는지 확인해 주세요.
고객이 보낸 문의에는 하루 안에 답장을 보내는 것이 우리의 원칙입니다.
새로 들어온 직원에게 노트북과 출입 카드를 나누어 주었습니다.
비가 많이 와서 배송이 하루 늦어질 수 있다는 안내를 보냈습니다.
이 표의 마지막 열에는 담당자의 이름과 연락처가 적혀 있습니다.
오류가 계속되면 로그 파일을 첨부해서 지원팀에 알려 주십시오.
점심은 근처 식당에서 먹고 두 시까지 돌아오기로 했습니다.
""",
    "ja": """\
来週の火曜日の午後三時に四半期の報告書を一緒に確認します。
先月より売上は十二パーセント増えましたが、返品も少し増えました。
会議室は三階の奥にありますので、エレベーターを降りて左へお進みください。
サーバーを再起動する前に、必ずバックアップの完了を確認してください。
お客様からのお問い合わせには一日以内に返信するのが私たちの原則です。
新しく入った社員にノートパソコンと入館カードを配りました。
大雨のため配送が一日遅れる可能性があるとお知らせしました。
この表の最後の列には担当者の名前と連絡先が書いてあります。
エラーが続く場合はログファイルを添付してサポートに連絡してください。
昼食は近くの食堂でとり、二時までに戻ることにしました。
""",
    "zh": """\
下周二下午三点我们将一起审阅季度报告。
与上个月相比，销售额增长了百分之十二，但退货也略有增加。
会议室在三楼尽头，请出电梯后向左走。
重新启动服务器之前，请务必确认备份已经完成。
我们的原则是在一天之内回复客户的咨询。
我们给新员工发放了笔记本电脑和门禁卡。
由于大雨，我们已通知客户送货可能会推迟一天。
此表的最后一列写有负责人的姓名和联系方式。
如果错误继续出现，请附上日志文件并通知技术支持。
大家决定在附近的餐馆吃午饭，两点之前回来。
""",
    "de": """\
Nächsten Dienstag um fünfzehn Uhr prüfen wir gemeinsam den Quartalsbericht.
Der Umsatz stieg gegenüber dem Vormonat um zwölf Prozent, die Rückläufer aber auch.
Der Besprechungsraum liegt im dritten Stock; gehen Sie nach dem Aufzug nach links.
Bevor Sie den Server neu starten, prüfen Sie bitte, ob die Sicherung vollständig ist.
Anfragen von Kunden beantworten wir grundsätzlich innerhalb eines Tages.
Die neuen Kollegen haben Laptops und Zugangskarten erhalten, außerdem Schlüssel.
Wegen der starken Regenfälle könnte sich die Lieferung um einen Tag verzögern.
In der letzten Spalte stehen der Name und die Telefonnummer der Ansprechpartner für Köln.
Tritt der Fehler erneut auf, hängen Sie bitte die Protokolldatei an Ihre Nachricht.
Zu Mittag essen wir im Gasthaus gegenüber und sind um zwei Uhr zurück, Grüße an Jürgen Müller.
""",
    "fr": """\
Mardi prochain à quinze heures, nous relirons ensemble le rapport trimestriel.
Le chiffre d'affaires a augmenté de douze pour cent, mais les retours aussi, hélas.
La salle de réunion se trouve au troisième étage, à gauche en sortant de l'ascenseur.
Avant de redémarrer le serveur, vérifiez que la sauvegarde est bien terminée.
Nous répondons en général aux questions des clients dans la journée même, où qu'ils soient.
Les nouveaux employés ont reçu un ordinateur portable et une carte d'accès.
À cause des fortes pluies, la livraison pourrait être retardée d'une journée.
La dernière colonne contient le nom et le numéro de téléphone du responsable à Orléans.
Si l'erreur se répète, joignez le fichier journal à votre message, s'il vous plaît.
Nous déjeunerons au café d'en face et serons de retour à deux heures, François et Hélène.
""",
    "en": """\
Next Tuesday at three o’clock we will go through the quarterly report together.
Revenue grew by twelve per cent against last month – but so did returns.
The meeting room is at the end of the third floor; turn left after the lift.
Before you restart the server, make sure that the “full backup” has finished.
We answer each customer’s question within a day; that’s our rule.
The new colleagues got laptops and access cards (worth €900 each).
Because of heavy rain the delivery may be late by a day…
The last column has the name and the phone number of whoever is in charge of the café.
If the error comes back, please attach the log file to your message.
We’ll have lunch at the place across the street and be back by two.
""",
}
_NAMES = {
    "ko": ["김민지", "이서준", "박지우", "최하은", "정도윤"],
    "ja": ["佐藤", "鈴木一郎", "高橋さくら", "田中", "渡辺"],
    "zh": ["王伟", "李娜", "张敏", "刘洋", "陈静"],
    "de": ["Jürgen Müller", "Käthe Groß", "Søren", "Björn Schäfer", "Zoë"],
    "fr": ["François", "Hélène", "Zoé Lefèvre", "Benoît", "Chloé"],
    "en": ["O’Brien", "Zoë", "José", "Renée", "Chloë"],
}
_CITIES = {
    "ko": ["서울", "부산", "대구", "인천", "광주"],
    "ja": ["東京", "大阪", "名古屋", "札幌", "福岡"],
    "zh": ["北京", "上海", "广州", "深圳", "成都"],
    "de": ["Köln", "München", "Düsseldorf", "Nürnberg", "Fürth"],
    "fr": ["Orléans", "Besançon", "Angoulême", "Nîmes", "Saint-Étienne"],
    "en": ["Zürich", "Málaga", "São Paulo", "Québec", "Århus"],
}
_HEADS = {
    "ko": "이름,도시,금액,날짜",
    "ja": "名前,都市,金額,日付",
    "zh": "姓名,城市,金额,日期",
    "de": "Name,Stadt,Betrag,Änderung",
    "fr": "Nom,Ville,Montant,Créé le",
    "en": "Name,City,Amount (€),Date",
}
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_ENCODINGS = {
    "ko": ("cp949", "euc_kr"),
    "ja": ("cp932", "shift_jis", "euc_jp"),
    "zh": ("gb18030", "gbk"),
    "de": ("cp1252", "latin_1"),
    "fr": ("cp1252", "latin_1"),
    "en": ("cp1252",),
}


class Sample(NamedTuple):
    """A text of a language and a form, and its bytes in an encoding."""

    language: str
    form: str
    encoding: str
    text: str
    data: bytes


def samples() -> Iterator[Sample]:
    """Every text in each encoding that has its letters, but for what is ASCII alone."""
    for language in _PROSE:
        for form, text in _texts(language):
            for encoding in (*_ENCODINGS[language], *_UNICODE):
                try:
                    data = text.encode(encoding)
                except UnicodeEncodeError:
                    continue
                if not data.isascii():
                    yield Sample(language, form, encoding, text, data)


def _texts(language: str) -> Iterator[tuple[str, str]]:
    lines = _PROSE[language].splitlines()
    yield "all sentences", _PROSE[language]
    yield from (("three sentences", "\r\n".join(lines[start : start + 3])) for start in range(8))
    yield from (("a sentence", line) for line in lines)
    yield from (("a phrase", line[:14]) for line in lines)
    yield from (("a name", name) for name in _NAMES[language])
    yield from _tables(language)
    yield from _code(language, lines)
    log = "".join(f"2026-10-{1 + n % 28:02} 12:00:{n % 60:02} INFO request {n}\n" for n in range(300))
    yield "a sentence in a log", f"{log}{lines[2]}\n{log}"


def _tables(language: str) -> Iterator[tuple[str, str]]:
    names, cities, head = _NAMES[language], _CITIES[language], _HEADS[language]
    rows = [
        f"{names[n % 5]},{cities[n * 3 % 5]},{1000 + n * 37},2026-0{1 + n % 9}-1{n % 9}" for n in range(60)
    ]
    yield "a long table", "\r\n".join((head, *rows))
    yield from (("a table", "\r\n".join((head, *rows[start : start + 5]))) for start in range(0, 50, 10))
    yield from (("a row", f"{head}\n{row}") for row in rows[:5])


def _code(language: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(_NAMES[language]):
        yield (
            "code",
            f'def main(path):\n    """{lines[number + 3]}"""\n    # {lines[number]}\n    print("{name}")\n',
        )
        yield "a comment", f'x = 1\nif x > 2:  # {lines[number][:10]}\n    raise SystemExit("no")\n'
