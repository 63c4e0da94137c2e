/* What the channel and the thread have in common: a log of messages that ends in a composer. */

import { walkWithArrows } from "./arrows.js";
import { Composer } from "./composer.js";
import { find, mirror } from "./dom.js";
import { edit } from "./message_menu.js";
import { updateMessage } from "./messages.js";
import { followEnd } from "./reading.js";
import { app, identity, messages } from "./state.js";

export class Pane {
  constructor(element) {
    this.element = element;
    this.log = find(element, ".log");
    this.goToEnd = followEnd(this.log);
    this.composer = new Composer(element, {
      goToEnd: () => this.goToEnd(),
      editLast: (field) => this.editLast(field),
    });
    walkWithArrows(this.log, () => this.drawn());
  }

  drawn() {
    return [...find(this.element, ".messages").children];
  }

  /** Draw `shown`; `repliesTo` counts the replies of a message, null where it has no thread of its own. */
  show(shown, repliesTo = () => null) {
    mirror(find(this.element, ".messages"), shown, identity, "message-template", (element, message) =>
      updateMessage(element, message, repliesTo(message)));
  }

  editLast(field) {
    const own = this.drawn().findLast(({ dataset }) => messages.get(dataset.key)?.user === app.me);
    if (own) edit(own, messages.get(own.dataset.key), field);
  }
}
