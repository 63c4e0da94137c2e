"""Asking about a message, by the shortcut in its menu."""

from __future__ import annotations

from bot.core.texts import Language, Texts, texts_in
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.interactions import interaction, submitted
from bot.playground.workspace import ADA, MINJI, TEAM, Message, Origin
from tests.workbench import Workbench, acknowledged

EN, KO = texts_in(Language.EN), texts_in(Language.KO)


def ask_about(bot: Workbench, message: Message, text: str, user: str = ADA.id, texts: Texts = EN) -> None:
    assert bot.servers.wait_for(lambda: bot.slack.message_shortcut(user, message, "ask_about_message"))
    (view,) = bot.until(lambda: bot.servers.do(lambda: bot.slack.open_views(user)))
    assert view.body["title"]["text"] == texts.about_title
    assert bot.servers.wait_for(lambda: bot.slack.submit(user, view.id, {"about": {"about": text}})) == {}


def test_the_answer_comes_in_the_messages_thread_with_the_message_as_its_subject(bot: Workbench) -> None:
    message = bot.say("We ship\non Friday.", user=MINJI.id)
    ask_about(bot, message, "Is that wise?")
    question, acknowledgement, answer = bot.answered(message, count=3, before=1)

    assert question == "<@UADA> asks:\n> Is that wise?\n> \n> > We ship\n> > on Friday."
    assert (acknowledgement, answer) == (acknowledged("Is that wise?"), "Because.")
    (turn,) = bot.prompts()[-1]["messages"]
    told = (
        "⟦A message by 민지:⟧\nWe ship\non Friday.\n\n"
        "⟦A message by Ada:⟧\nIs that wise?\n\n> We ship\n> on Friday."
    )
    assert turn["content"][0]["text"] == told


def test_it_works_on_a_reply_in_a_thread_and_in_the_askers_language(bot: Workbench) -> None:
    root = bot.say("before")
    reply = bot.say("금요일에 배포합니다.", user=MINJI.id, thread=root)
    ask_about(bot, reply, "괜찮을까요?", user=MINJI.id, texts=KO)

    assert bot.answered(root, count=3, before=1)[0].startswith("<@UMINJI> 님의 질문:")


def test_where_the_bot_is_not_the_answer_comes_in_the_askers_direct_messages(bot: Workbench) -> None:
    message = bot.say("We ship on Friday.", channel="CQUIET", user=MINJI.id)
    ask_about(bot, message, "Is that wise?")
    question = bot.posted_question("DADA")
    bot.answered(question)

    assert "> We ship on Friday." in question.sent[1]["text"]
    bot.until(lambda: bot.told_privately(ADA.id, "CQUIET") == [EN.moved_to_dm])


def test_who_gets_no_modal_is_told_so(bot: Workbench) -> None:
    bot.slack.faults.enqueue("views.open", Fault(error="expired_trigger_id"))
    message = bot.say("We ship on Friday.", user=MINJI.id)
    bot.servers.wait_for(lambda: bot.slack.message_shortcut(ADA.id, message, "ask_about_message"))

    bot.until(lambda: bot.told_privately(ADA.id) == [EN.failed])


def test_an_answer_to_it_can_be_tried_again(bot: Workbench) -> None:
    message = bot.say("We ship on Friday.", user=MINJI.id)
    bot.bedrock.enqueue("converse-stream", Reply(text=["Be"], then="cut"))
    ask_about(bot, message, "Is that wise?")
    bot.until(lambda: bot.texts(message)[-1:] == [f"Be\n{EN.cut}"] and bot.at_rest())
    bot.press("retry", message)
    bot.until(lambda: len(bot.prompts()) == 2)

    assert bot.prompts()[0]["messages"] == bot.prompts()[1]["messages"]


def test_a_submission_that_comes_twice_is_one_question(bot: Workbench) -> None:
    message = bot.say("We ship on Friday.", user=MINJI.id)
    bot.servers.wait_for(lambda: bot.slack.message_shortcut(ADA.id, message, "ask_about_message"))
    (view,) = bot.until(lambda: bot.servers.do(lambda: bot.slack.open_views(ADA.id)))
    sent = interaction("view_submission", ADA, Origin(TEAM)) | submitted(view, {"about": {"about": "Why?"}})
    for _ in range(2):
        bot.servers.wait_for(lambda: bot.slack.sockets.deliver_interaction("interactive", sent))
    bot.servers.do(lambda: bot.slack.workspace.close_modals(view))
    bot.answered(message, count=3, before=1)
    ask_about(bot, message, "Why?")
    bot.until(lambda: len(bot.prompts()) == 2)

    assert len([text for text in bot.texts(message) if "asks:" in text]) == 2


def test_a_question_whose_post_got_no_clear_answer_is_posted_once(bot: Workbench) -> None:
    message = bot.say("We ship on Friday.", user=MINJI.id)
    bot.slack.faults.enqueue("chat.postMessage", Fault(500, "internal_error", made=True))
    ask_about(bot, message, "Is that wise?")
    bot.until(lambda: bot.texts(message)[-1:] == [acknowledged("Is that wise?")] and bot.prompts())
    bot.bedrock.release()
    bot.until(lambda: bot.texts(message)[-1:] == ["Because."])

    assert len([text for text in bot.texts(message) if "asks:" in text]) == 1
