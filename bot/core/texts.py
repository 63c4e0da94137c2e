"""Every fixed sentence that people read, in each language Duet speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")


class Language(Enum):
    """A language of the catalogue."""

    EN = "en"
    KO = "ko"


def language_of(text: str) -> Language:
    """The language to speak to somebody who wrote `text`: Korean where there is Hangul, else English."""
    return Language.KO if _HANGUL.search(text) else Language.EN


def language_of_locale(locale: str) -> Language:
    """The language for somebody whose Slack speaks `locale`, an IETF tag: Korean for ko, else English."""
    return Language.KO if locale.partition("-")[0].lower() == "ko" else Language.EN


@dataclass(frozen=True)
class Texts:
    """The catalogue in one language. Slots in braces are filled by the sentence's only user."""

    stand_ins: tuple[str, ...]
    stand_ins_about: tuple[str, ...]
    stand_ins_with_files: tuple[str, ...]
    awaits_admission: str
    usage: str
    usage_command: str
    asks: str
    question_says: str
    answer_says: str
    moved_to_dm: str
    nowhere_to_answer: str
    channel_archived: str
    no_longer_posting: str
    answered_here: str
    answered_here_of: str
    cut: str
    broke_off: str
    unfinished: str
    answered_again: str
    unshown: str
    stopped: str
    stop: str
    thinking: str
    next_in_line: str
    in_line: str
    turn_came: str
    retry: str
    regenerate: str
    regenerated: str
    threads_remember: str
    edited_later: str
    good: str
    bad: str
    thanks: str
    reason_title: str
    reason_label: str
    reason_send: str
    close: str
    about_title: str
    about_label: str
    about_send: str
    footer_short: str
    footer_full: str
    footer_unpriced: str
    only_asker: str
    denied_person: str
    denied_room: str
    denied_bots: str
    denied_direct_messages: str
    denied_unknown: str
    question_gone: str
    interrupted: str
    given_up: str
    superseded: str
    length_limit: str
    filtered: str
    guarded: str
    busy: str
    over_quota: str
    unavailable: str
    blocked: str
    too_long: str
    unreadable_file: str
    not_set_up: str
    kept_for_later: str
    thread_not_set_up: str
    thread_unread: str
    failed: str
    from_cache: str
    over_rate: str
    over_user_budget: str
    over_daily_budget: str
    budget_warning: str
    file_of_unknown_kind: str
    file_of_sound: str
    file_guessed: str
    voice_heard: str
    file_too_big: str
    file_too_many: str
    file_too_many_pixels: str
    file_elsewhere: str
    file_gone: str
    file_empty: str
    file_encrypted: str
    file_mislabelled: str
    file_unreadable: str
    file_not_set_up: str
    files_left_out: str
    file_refused: str
    home_title: str
    home_about: str
    home_examples: str
    example_1: str
    example_2: str
    example_3: str
    home_answers: str
    home_no_answers: str
    home_unread: str
    home_directly: str
    home_in_channel: str
    home_by_command: str
    home_whole: str
    home_cut: str
    home_stopped: str
    home_failed: str
    home_refused: str
    home_seconds: str
    home_open: str
    home_today: str
    home_usage: str
    home_usage_within: str
    home_day: str
    home_week: str
    home_asked: str
    home_first_words: str
    home_whole_answer: str
    home_satisfied: str


_CATALOGUE = {
    Language.EN: Texts(
        stand_ins=(
            "I understand your question and am preparing a detailed answer!",
            "Got it: your answer is on its way!",
        ),
        stand_ins_about=(
            "I understand your question “{subject}” and am preparing a detailed answer!",
            "Got it, “{subject}”: your answer is on its way!",
        ),
        stand_ins_with_files=(
            "I’m preparing a detailed answer about “{subject}”!",
            "Got it: your answer about “{subject}” is on its way!",
        ),
        awaits_admission="I have your question. Slack is slow to say who is asking, so please bear with me.",
        usage=(
            "Hello! Mention me with a question, write to me in a direct message, or type `/ask` and your "
            "question. I answer in a thread, and you can go on asking there."
        ),
        usage_command="Please put your question after the command, like this: `/ask why is the sky blue?`",
        asks="{asker} asks:",
        question_says="Question: {words}",
        answer_says="Answer: {words}",
        moved_to_dm="I may not post in this conversation, so I am answering in our direct messages.",
        nowhere_to_answer=(
            "I can't post in this conversation, and I can't send you a direct message either. "
            "Please ask again in a channel where I can post, or tell your administrator."
        ),
        channel_archived=(
            "This channel is archived, so I can't answer here. "
            "Please ask again in another channel or in a direct message."
        ),
        no_longer_posting=(
            "I can no longer post where you asked, so my answer is incomplete. "
            "Please ask again in another channel or in a direct message."
        ),
        answered_here="I can't post where you asked this, so I'm answering here.",
        answered_here_of=(
            "I can't post where you asked this, so I'm answering here. <{link}|Go to your message>"
        ),
        cut="The answer broke off here. Please ask again if you need the rest.",
        broke_off="The answer broke off here.",
        unfinished="I was interrupted here and could not finish. Please ask again if you need the rest.",
        answered_again="The answer above was interrupted. Here it is in full:",
        unshown="Slack would not show the rest of this answer. "
        "Please ask for it in a simpler form, for example without tables.",
        stopped="Stopped.",
        stop="Stop",
        thinking="is thinking…",
        next_in_line="Many are asking at the moment; yours is next.",
        in_line="Many are asking at the moment. Ahead of yours in line: {ahead}.",
        turn_came="It is your turn now.",
        retry="Try again",
        regenerate="Answer anew",
        regenerated="This is a new answer, in place of the one before.",
        threads_remember="Tip: reply in the thread under an answer, and I'll remember what we said there.",
        edited_later=(
            "You edited your question after I answered it. For an answer to the new version, choose "
            "*{regenerate}* in the ⋯ menu under the answer."
        ),
        good="Good answer",
        bad="Bad answer",
        thanks="Thank you for telling me.",
        reason_title="What was wrong?",
        reason_label="What was wrong, if you like to say",
        reason_send="Send",
        close="Close",
        about_title="Ask about this message",
        about_label="Your question",
        about_send="Ask",
        footer_short="{whole} s · {dollars}",
        footer_full=(
            "{models} · first words after {first} s, whole after {whole} s · {tokens_in} tokens in, "
            "{tokens_out} out · {dollars}"
        ),
        footer_unpriced="price unknown",
        only_asker="Only the person who asked can do that. You can ask me yourself.",
        denied_person="I am not open to your account here. Who looks after me can change that.",
        denied_room="I do not answer in this channel. Who looks after me can change that.",
        denied_bots="Apps have asked me a lot here. Please try again in an hour.",
        denied_direct_messages="I do not answer in direct messages here. Please mention me in a channel.",
        denied_unknown="Slack could not tell me who is asking, so I may not answer. Please try again soon.",
        question_gone="I cannot find the question any more. Please ask again.",
        interrupted="Sorry, I was interrupted before I could answer. Please ask again.",
        given_up=(
            "Sorry, I was interrupted twice while working on this, so I have stopped trying. "
            "Please ask again in a simpler form, for example without the file."
        ),
        superseded="This part was written again, above.",
        length_limit="The answer reached its greatest length here. Ask me to go on if you need the rest.",
        filtered="A content filter ended the answer here.",
        guarded="A guardrail of this workspace stepped in and changed or ended this answer.",
        busy="Sorry, a lot is being asked right now. Please ask again in a moment.",
        over_quota=(
            "Sorry, today's quota of the AI service is used up, so I cannot answer for now. This can last "
            "until tomorrow; your administrator can ask AWS for more."
        ),
        unavailable="Sorry, the AI service is unsteady at the moment. Please ask again in a moment.",
        blocked="A content filter does not let me answer this. Please put the question differently.",
        too_long="This is more text than I can read at once. Please ask with less of it.",
        unreadable_file="I could not read one of the files. Please ask with a copy of it in another format.",
        not_set_up="Sorry, I am not set up correctly and cannot answer. Please tell your administrator.",
        kept_for_later=(
            "Slack does not let me answer at the moment: I am not set up correctly. Please tell your "
            "administrator. Your question is kept, and I answer it when that works again soon."
        ),
        thread_not_set_up=(
            "I could not read what was said in this thread before: I am not set up for that. "
            "Please tell your administrator."
        ),
        thread_unread="I could not read this thread just now, so I answered this question by itself.",
        failed="Sorry, something went wrong and I cannot answer this. Please ask again.",
        from_cache="From an earlier answer to the same question.",
        over_rate="You have asked a lot within a minute. Please ask again in {seconds} s.",
        over_user_budget="Your budget for today is used up. It begins anew in {hours} h {minutes} min.",
        over_daily_budget="Today's budget for all is used up. It begins anew in {hours} h {minutes} min.",
        file_of_unknown_kind=(
            "I cannot read {name}. Images, videos, PDF, Word, Excel and text files work, so does a PDF of it."
        ),
        file_of_sound=(
            "{name} is a recording of which I found no transcript in Slack, and I cannot listen. "
            "Please write what it says."
        ),
        voice_heard="What I heard, as Slack transcribed it: “{words}”",
        file_guessed=(
            "I had to guess the encoding of {name}. If the answer looks wrong, a copy in UTF-8 would help."
        ),
        file_too_big=(
            "{name} is too big for me: all files may have {size} together, text and tables 4.5 MB each. "
            "A part of it would work."
        ),
        file_too_many=(
            "I left out {name}: I read five images, five documents and one video at a time. "
            "Please ask about it in another message."
        ),
        file_too_many_pixels="{name} has too many pixels for me. Up to 8,000 each way would work.",
        file_elsewhere="{name} is not kept in Slack, so I cannot open it. Uploading it here would work.",
        file_gone="{name} is not there any more. Uploading it again would work.",
        file_empty="{name} is empty. Please upload it again.",
        file_encrypted="{name} has a password, so I cannot read it. A copy without one would work.",
        file_mislabelled="{name} is not what its name says, so I cannot read it. The right ending helps.",
        file_unreadable="I could not open {name} in Slack. Please upload it again, or ask without it.",
        file_not_set_up=(
            "I could not open {name}: I am not set up to read files. Please tell your administrator."
        ),
        files_left_out="Besides these, I left out {count} more.",
        file_refused="I could not read {name}, so I left it out. A copy in another format may work.",
        budget_warning="${spent} of today's budget of ${budget} is spent. Questions beyond it are refused.",
        home_title="Ask me anything",
        home_about="I tell you at once that I understood. Then my answer grows while I write it.",
        home_examples="Press one of these, and I answer it in our direct messages:",
        example_1="Why is the sky blue?",
        example_2="What belongs in a good bug report?",
        example_3="How do I explain a database index to a colleague?",
        home_answers="Your last answers",
        home_no_answers="You have not asked anything yet.",
        home_unread="What you asked before cannot be looked up at the moment. You can ask all the same.",
        home_directly="in direct messages",
        home_in_channel="in a channel",
        home_by_command="by `/ask`",
        home_whole="answered",
        home_cut="broke off",
        home_stopped="stopped",
        home_failed="not answered",
        home_refused="over the budget",
        home_seconds="{seconds} s",
        home_open="Open",
        home_today="Your usage today (UTC)",
        home_usage="Questions: {questions} · Cost: {dollars}",
        home_usage_within="Questions: {questions} · Cost: {dollars} of ${budget}",
        home_day="The workspace in the last 24 hours",
        home_week="The workspace in the last 7 days",
        home_asked="Answers: {answers} · Errors: {errors} · Cost: {dollars}",
        home_first_words="First words: median {p50} s, 95th percentile {p95} s",
        home_whole_answer="Whole answer: median {p50} s, 95th percentile {p95} s",
        home_satisfied="Satisfied: {in_time} in time, {votes} by votes",
    ),
    Language.KO: Texts(
        stand_ins=(
            "질문을 이해했으며, 상세한 답변을 준비하고 있습니다!",
            "네, 질문하신 내용에 대해 곧 자세히 답변드리겠습니다!",
        ),
        stand_ins_about=(
            "“{subject}”라는 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!",
            "네, “{subject}”에 대해 곧 자세히 답변드리겠습니다!",
        ),
        stand_ins_with_files=(
            "“{subject}” 파일에 대한 상세한 답변을 준비하고 있습니다!",
            "네, “{subject}” 파일에 대해 곧 자세히 답변드리겠습니다!",
        ),
        awaits_admission="질문을 받았습니다. Slack의 확인이 늦어지고 있으니 잠시만 기다려 주세요.",
        usage=(
            "안녕하세요! 저를 멘션하면서 질문을 적거나, 다이렉트 메시지를 보내거나, `/ask` 뒤에 질문을 "
            "입력해 주세요. 스레드에서 답변드리며, 그 스레드에서 이어서 질문하실 수 있습니다."
        ),
        usage_command="명령어 뒤에 질문을 적어 주세요. 예: `/ask 하늘은 왜 파란가요?`",
        asks="{asker} 님의 질문:",
        question_says="질문: {words}",
        answer_says="답변: {words}",
        moved_to_dm="이 대화에는 글을 올릴 수 없어 다이렉트 메시지로 답변드리고 있습니다.",
        nowhere_to_answer=(
            "이 대화에는 글을 올릴 수 없고 다이렉트 메시지도 보낼 수 없습니다. "
            "제가 글을 올릴 수 있는 채널에서 다시 질문하시거나 관리자에게 알려 주세요."
        ),
        channel_archived=(
            "보관된 채널이라 여기에서는 답변드릴 수 없습니다. "
            "다른 채널이나 다이렉트 메시지에서 다시 질문해 주세요."
        ),
        no_longer_posting=(
            "질문하신 곳에 더 이상 글을 올릴 수 없어 답변을 끝내지 못했습니다. "
            "다른 채널이나 다이렉트 메시지에서 다시 질문해 주세요."
        ),
        answered_here="질문하신 곳에는 글을 올릴 수 없어 여기에서 답변드립니다.",
        answered_here_of=(
            "질문하신 곳에는 글을 올릴 수 없어 여기에서 답변드립니다. <{link}|원래 메시지로 이동>"
        ),
        cut="답변이 여기에서 끊겼습니다. 나머지가 필요하시면 다시 질문해 주세요.",
        broke_off="답변이 여기에서 끊겼습니다.",
        unfinished="여기에서 작업이 중단되어 끝내지 못했습니다. 나머지가 필요하시면 다시 질문해 주세요.",
        answered_again="위 답변은 중간에 끊겼습니다. 전체 답변을 다시 드립니다.",
        unshown="Slack에서 답변의 나머지를 표시하지 못했습니다. "
        "표 없이 써 달라는 식으로 더 단순한 형식을 요청해 주세요.",
        stopped="중지했습니다.",
        stop="중지",
        thinking="답변을 생각하고 있습니다…",
        next_in_line="지금 질문이 많습니다. 바로 다음 차례입니다.",
        in_line="지금 질문이 많습니다. 앞에 {ahead}개의 질문이 기다리고 있습니다.",
        turn_came="이제 차례가 되었습니다.",
        retry="다시 시도",
        regenerate="새로 답변하기",
        regenerated="이전 답변을 대신하는 새 답변입니다.",
        threads_remember="답변 아래 스레드에서 이어서 질문하시면 앞선 대화를 기억하고 답변드립니다.",
        edited_later=(
            "답변드린 뒤에 질문을 수정하셨습니다. 수정한 질문에 대한 답변이 필요하시면 "
            "답변 아래 ⋯ 메뉴에서 *{regenerate}* 를 선택해 주세요."
        ),
        good="좋은 답변",
        bad="아쉬운 답변",
        thanks="의견을 주셔서 감사합니다.",
        reason_title="무엇이 아쉬웠나요?",
        reason_label="원하시면 아쉬웠던 점을 적어 주세요",
        reason_send="보내기",
        close="닫기",
        about_title="이 메시지에 대해 질문하기",
        about_label="질문",
        about_send="질문하기",
        footer_short="{whole}초 · {dollars}",
        footer_full=(
            "{models} · 첫 응답 {first}초, 전체 {whole}초 · 토큰 입력 {tokens_in}개, 출력 {tokens_out}개 "
            "· {dollars}"
        ),
        footer_unpriced="가격 정보 없음",
        only_asker="질문하신 분만 할 수 있습니다. 직접 질문해 주세요.",
        denied_person="이 계정으로는 저를 사용할 수 없습니다. 저를 관리하는 분께 문의해 주세요.",
        denied_room="이 채널에서는 답변하지 않습니다. 저를 관리하는 분께 문의해 주세요.",
        denied_bots="이곳에서 앱이 보낸 질문이 너무 많습니다. 한 시간 뒤에 다시 시도해 주세요.",
        denied_direct_messages="여기서는 다이렉트 메시지에 답변하지 않습니다. 채널에서 저를 멘션해 주세요.",
        denied_unknown="질문하신 분을 Slack에서 확인할 수 없어 답할 수 없습니다. 잠시 후 다시 질문해 주세요.",
        question_gone="질문을 더 이상 찾을 수 없습니다. 다시 질문해 주세요.",
        interrupted="죄송합니다. 답변드리기 전에 작업이 중단되었습니다. 다시 질문해 주세요.",
        given_up=(
            "죄송합니다. 이 질문을 처리하던 중 두 번이나 중단되어 더 이상 시도하지 않습니다. "
            "파일을 빼는 등 더 간단하게 다시 질문해 주세요."
        ),
        superseded="이 부분은 위에 다시 작성되었습니다.",
        length_limit="답변이 최대 길이에 도달했습니다. 나머지가 필요하시면 이어서 답해 달라고 해 주세요.",
        filtered="콘텐츠 필터가 답변을 여기에서 멈추었습니다.",
        guarded="이 워크스페이스의 가드레일이 개입하여 답변을 바꾸거나 끝냈습니다.",
        busy="죄송합니다. 지금 요청이 많습니다. 잠시 후 다시 질문해 주세요.",
        over_quota=(
            "죄송합니다. AI 서비스의 하루 사용 한도를 모두 사용하여 지금은 답변드릴 수 없습니다. "
            "내일까지 이어질 수 있으니 급하시면 관리자에게 문의해 주세요."
        ),
        unavailable="죄송합니다. AI 서비스가 일시적으로 불안정합니다. 잠시 후 다시 질문해 주세요.",
        blocked="콘텐츠 필터 때문에 답변드릴 수 없습니다. 질문을 다르게 표현해 주세요.",
        too_long="한 번에 읽을 수 있는 분량을 넘었습니다. 내용을 줄여 다시 질문해 주세요.",
        unreadable_file="파일 하나를 읽을 수 없었습니다. 다른 형식으로 올려 다시 질문해 주세요.",
        not_set_up="죄송합니다. 설정에 문제가 있어 답변드릴 수 없습니다. 관리자에게 알려 주세요.",
        kept_for_later=(
            "설정에 문제가 있어 지금은 답변드릴 수 없습니다. 관리자에게 알려 주세요. "
            "질문은 저장해 두었으며, 곧 해결되면 답변드리겠습니다."
        ),
        thread_not_set_up=(
            "설정에 문제가 있어 이 스레드의 이전 대화를 읽지 못했습니다. 관리자에게 알려 주세요."
        ),
        thread_unread="지금은 이 스레드를 읽을 수 없어 질문 내용만으로 답변했습니다.",
        failed="죄송합니다. 문제가 생겨 답변드리지 못했습니다. 다시 질문해 주세요.",
        from_cache="같은 질문에 대한 이전 답변입니다.",
        over_rate="1분 동안 질문을 많이 하셨습니다. {seconds}초 후에 다시 질문해 주세요.",
        over_user_budget=(
            "오늘 쓰실 수 있는 예산을 모두 사용했습니다. {hours}시간 {minutes}분 후에 다시 시작됩니다."
        ),
        over_daily_budget=(
            "오늘 모두가 쓸 수 있는 예산을 다 사용했습니다. {hours}시간 {minutes}분 후에 다시 시작됩니다."
        ),
        file_of_unknown_kind=(
            "{name} 파일은 읽을 수 없습니다. 이미지, 동영상, PDF, Word, Excel, 텍스트 파일은 읽을 수 있으니 "
            "PDF로 올려 주세요."
        ),
        file_of_sound=(
            "{name} 파일은 음성인데 Slack에 변환된 텍스트가 없어 내용을 알 수 없습니다. "
            "내용을 글로 적어 주시면 답변드리겠습니다."
        ),
        voice_heard="Slack이 텍스트로 변환한 음성 내용: “{words}”",
        file_guessed=(
            "{name} 파일의 문자 인코딩을 확신할 수 없어 추정해서 읽었습니다. "
            "답변이 이상하면 UTF-8로 저장해 다시 올려 주세요."
        ),
        file_too_big=(
            "{name} 파일이 너무 큽니다. 파일 전체는 {size}까지, 텍스트와 스프레드시트는 각각 4.5 MB까지 "
            "읽을 수 있습니다. 필요한 부분만 올려 주세요."
        ),
        file_too_many=(
            "{name} 파일은 제외했습니다. 한 번에 이미지 5개, 문서 5개, 동영상 1개까지 읽을 수 있습니다. "
            "다른 메시지에서 다시 질문해 주세요."
        ),
        file_too_many_pixels="{name} 이미지가 너무 큽니다. 가로세로 8,000픽셀까지 읽을 수 있습니다.",
        file_elsewhere="{name} 파일은 Slack에 저장되어 있지 않아 열 수 없습니다. 여기에 직접 올려 주세요.",
        file_gone="{name} 파일이 더 이상 없습니다. 다시 올려 주세요.",
        file_empty="{name} 파일이 비어 있습니다. 다시 올려 주세요.",
        file_encrypted="{name} 파일에 암호가 걸려 있어 읽을 수 없습니다. 암호 없는 사본을 올려 주세요.",
        file_mislabelled="{name} 파일의 내용이 확장자와 달라 읽을 수 없습니다. 올바른 확장자로 올려 주세요.",
        file_unreadable="Slack에서 {name} 파일을 열 수 없었습니다. 다시 올리거나 파일 없이 질문해 주세요.",
        file_not_set_up=("설정에 문제가 있어 {name} 파일을 열 수 없었습니다. 관리자에게 알려 주세요."),
        files_left_out="그 밖에 파일 {count}개도 읽지 못했습니다.",
        file_refused="{name} 파일을 읽을 수 없어 제외했습니다. 다른 형식으로 올리면 읽을 수도 있습니다.",
        budget_warning="오늘의 예산 ${budget} 중 ${spent}를 사용했습니다. 예산을 넘는 질문은 거절됩니다.",
        home_title="무엇이든 물어보세요",
        home_about="질문을 이해했다고 바로 알려 드린 뒤, 답변을 작성하는 대로 이어서 보여 드립니다.",
        home_examples="예시 질문을 누르면 다이렉트 메시지로 답변드립니다.",
        example_1="하늘은 왜 파란가요?",
        example_2="좋은 버그 리포트에는 무엇이 들어가야 하나요?",
        example_3="데이터베이스 인덱스를 동료에게 어떻게 설명하면 좋을까요?",
        home_answers="최근 답변",
        home_no_answers="아직 질문하신 내용이 없습니다.",
        home_unread="지금은 이전 질문을 조회할 수 없습니다. 질문은 그대로 하실 수 있습니다.",
        home_directly="다이렉트 메시지",
        home_in_channel="채널",
        home_by_command="`/ask`",
        home_whole="답변 완료",
        home_cut="중간에 끊김",
        home_stopped="중지함",
        home_failed="답변 실패",
        home_refused="예산 초과",
        home_seconds="{seconds}초",
        home_open="열기",
        home_today="오늘 사용량(UTC 기준)",
        home_usage="질문 {questions}개 · 비용 {dollars}",
        home_usage_within="질문 {questions}개 · 비용 {dollars} / ${budget}",
        home_day="워크스페이스 현황: 최근 24시간",
        home_week="워크스페이스 현황: 최근 7일",
        home_asked="답변 {answers}개 · 오류 {errors}개 · 비용 {dollars}",
        home_first_words="첫 응답: 중앙값 {p50}초, 95백분위 {p95}초",
        home_whole_answer="전체 답변: 중앙값 {p50}초, 95백분위 {p95}초",
        home_satisfied="만족도: 시간 내 응답 {in_time}, 투표 {votes}",
    ),
}


def texts_in(language: Language) -> Texts:
    """The catalogue in `language`."""
    return _CATALOGUE[language]
