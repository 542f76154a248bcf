/// The little script of the report: it shows what the pointer or a finger is on below its timeline. Without it the browser
/// shows the same words as tooltips. It stands in a `script` element as it is, so it must hold none of the characters that markup escapes.
enum Script {
    static let text = """

        document.querySelectorAll(`figure.timeline`).forEach(function (figure) {
          const say = figure.querySelector(`.say`);
          const rest = `Point at anything, or tap it, to read it here. ` + say.textContent;
          say.textContent = rest;
          figure.querySelectorAll(`svg title`).forEach(function (title) {
            title.parentNode.dataset.say = title.textContent;
            title.remove();
          });
          function tell(event) {
            const mark = event.target.closest(`[data-say]`);
            say.textContent = mark ? mark.dataset.say : rest;
          }
          figure.addEventListener(`pointerover`, tell);
          figure.addEventListener(`click`, tell);
        });

        """
}
