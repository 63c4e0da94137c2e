/* What the page says, in English and in Korean. */

import { language } from "./settings.js";

const sizeOf = (bytes) => {
  const [unit, amount] = bytes < 1e3 ? ["byte", bytes] : bytes < 1e6 ? ["kilobyte", bytes / 1e3] : ["megabyte", bytes / 1e6];
  const maximumFractionDigits = amount < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits }).format(amount);
};

export const words = Object.fromEntries(Object.entries({
  conversations: ["Conversations", "대화 목록"],
  channels: ["Channels", "채널"],
  directMessages: ["Direct messages", "다이렉트 메시지"],
  messages: ["Messages", "메시지"],
  home: ["Home", "홈"],
  tabs: ["Tabs", "탭"],
  about: ["About", "정보"],
  isShortcut: ["In the menu of a message", "메시지의 메뉴에서"],
  noHome: [(bot) => `${bot} has published nothing here yet`, (bot) => `${bot} 앱이 아직 홈을 게시하지 않았습니다`],
  thread: ["Thread", "스레드"],
  threadMessages: ["Messages of the thread", "스레드의 메시지"],
  closeThread: ["Close thread", "스레드 닫기"],
  replyInThread: ["Reply in thread", "스레드에서 답글 달기"],
  replies: [(n) => (n === 1 ? "1 reply" : `${n} replies`), (n) => `답글 ${n}개`],
  more: ["More actions", "추가 작업"],
  editMessage: ["Edit message", "메시지 편집"],
  deleteMessage: ["Delete message", "메시지 삭제"],
  edit: ["Message", "메시지"],
  save: ["Save", "저장"],
  cancel: ["Cancel", "취소"],
  close: ["Close", "닫기"],
  optional: ["(optional)", "(선택 사항)"],
  doing: [(bot, status) => `${bot} ${status}`, (bot, status) => `${bot} ${status}`],
  onlyYou: ["Only visible to you", "나에게만 표시"],
  edited: ["(edited)", "(편집됨)"],
  isPrivate: ["(private)", "(비공개)"],
  unread: ["(unread)", "(읽지 않음)"],
  you: [(name) => `${name} (you)`, (name) => `${name} (나)`],
  speakingAs: [(name) => `You speak as ${name}. Change`, (name) => `${name}(으)로 대화 중. 바꾸기`],
  speakAs: ["Speak as", "누구로 말할까요"],
  admin: ["Admin", "관리자"],
  guest: ["Guest", "게스트"],
  app: ["APP", "앱"],
  settings: ["Colours and language", "색상과 언어"],
  colours: ["Colours", "색상"],
  system: ["As the system", "시스템 설정"],
  light: ["Light", "밝게"],
  dark: ["Dark", "어둡게"],
  language: ["Language", "언어"],
  skipToSidebar: ["Skip to conversations", "대화 목록으로 건너뛰기"],
  skipToMessages: ["Skip to messages", "메시지로 건너뛰기"],
  skipToComposer: ["Skip to the message field", "메시지 입력란으로 건너뛰기"],
  skipToThread: ["Skip to the thread", "스레드로 건너뛰기"],
  writeTo: [(title) => `Message ${title}`, (title) => `${title}에 메시지 보내기`],
  writeInThread: ["Reply to this thread", "이 스레드에 답글 쓰기"],
  send: ["Send", "보내기"],
  attach: ["Attach files", "파일 첨부"],
  files: ["Files to send", "보낼 파일"],
  removeFile: [(name) => `Remove ${name}`, (name) => `${name} 제거`],
  uploading: ["Uploading…", "올리는 중…"],
  notUploaded: [(error) => `Not uploaded: ${error}`, (error) => `올리지 못했습니다: ${error}`],
  dropHere: [(place) => `Drop files here: ${place}`, (place) => `여기에 파일을 놓으세요: ${place}`],
  size: [sizeOf, sizeOf],
  keys: ["Enter to send, Shift+Enter for a new line", "Enter로 보내기, Shift+Enter로 줄 바꿈"],
  suggestions: ["Suggestions", "추천"],
  absent: [(bot) => `${bot} is not in this channel`, (bot) => `이 채널에는 ${bot} 앱이 없습니다`],
  introTitle: [(title) => `This is the beginning of ${title}`, (title) => `${title}의 첫머리입니다`],
  introChannel: [
    (bot) => `Mention @${bot} to ask something; the answer comes as a thread. For example:`,
    (bot) => `@${bot} 멘션과 함께 질문하면 스레드로 답합니다. 예를 들면:`,
  ],
  introDirect: [
    (bot) => `Everything you write here is for ${bot}. For example:`,
    (bot) => `여기에 쓴 글에는 모두 ${bot} 앱이 답합니다. 예를 들면:`,
  ],
  introAbsent: [
    (command) => `Nobody hears a mention here, but ${command} works everywhere. For example:`,
    (command) => `여기서는 멘션에 답하지 않지만 ${command} 명령은 어디서나 쓸 수 있습니다. 예를 들면:`,
  ],
  examples: ["Examples", "예시"],
  noCommands: [
    "Slack does not allow slash commands in threads.",
    "Slack에서는 스레드 안에서 슬래시 명령을 쓸 수 없습니다.",
  ],
  noFilesWithCommand: [
    "Slack does not send files with slash commands.",
    "Slack에서는 슬래시 명령과 함께 파일을 보낼 수 없습니다.",
  ],
  notSent: [(error) => `Not sent: ${error}`, (error) => `보내지 못했습니다: ${error}`],
  unanswered: [
    (app) => `${app} did not acknowledge the click within 3 seconds`,
    (app) => `${app} 앱이 클릭에 3초 안에 응답하지 않았습니다`,
  ],
  notTaken: [
    "We had some trouble connecting. Try again?",
    "연결에 문제가 있었습니다. 다시 시도해 주세요.",
  ],
  noServer: ["the playground does not answer", "플레이그라운드가 응답하지 않습니다"],
  reconnecting: [
    "The playground does not answer. Reconnecting…",
    "플레이그라운드가 응답하지 않습니다. 다시 연결하는 중…",
  ],
}).map(([key, translations]) => [key, translations[language === "ko" ? 1 : 0]]));

export const examples = [
  "What can you do?",
  "Why are there two answers?",
  "실제 Slack에는 어떻게 연결하나요?",
];
