"""Very many files at once: what the widget does stays bounded, however many of them change in a moment."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakeSample, Visiting
from tests.browser.observer import Observer
from tests.browser.visitor import PATIENCE_MS, Visitor

ADD = """(count) => {
  const widget = document.getElementById('widget');
  const kind = Math.random().toString(36) + performance.now();
  window.tasks = widget.add(
    Array.from({ length: count }, (_, number) => new File([kind, String(number)], `${number}.txt`)));
}"""
ADD_LATE = """(...names) => tasks.push(...document.getElementById('widget').add(
  names.flat().map((name) => new File([name, String(performance.now())], name))))"""
MARK_FRAME = """() => {
  document.getElementById('widget').shadowRoot.querySelector('.frame').dataset.old = '';
}"""
FAIL_OUTSIDE = """async () => {
  const widget = document.getElementById('widget');
  widget.remove();
  for (const task of widget.add([...Array(150).keys()].map((number) => new File(['x'], `${number}.txt`)))) task.pause();
  const [refused] = widget.add([new File(['too large'], 'while-out.txt')]);
  while (refused.state !== 'failed') await new Promise((done) => setTimeout(done));
  document.querySelector('main').append(widget);
}"""
SAVE_TASKS = "() => { window.tasks = [...document.getElementById('widget').uploader.uploads]; }"
ALL_ARE = "(states) => tasks.every((task) => states.includes(task.state))"
# each is dear where it happens once for each of thousands of files
COUNT_WORK = """async () => {
  const { Uploader } = await import('/client/uploader.js');
  window.work = { formatters: 0, titles: 0, lists: 0 };
  const { NumberFormat } = Intl;
  Intl.NumberFormat = class extends NumberFormat {
    constructor(...given) { super(...given); work.formatters += 1; }
  };
  const { get } = Object.getOwnPropertyDescriptor(Uploader.prototype, 'uploads');
  Object.defineProperty(Uploader.prototype, 'uploads', {
    get() { work.lists += 1; return get.call(this); },
  });
  const title = Object.getOwnPropertyDescriptor(Document.prototype, 'title');
  Object.defineProperty(document, 'title', {
    get() { return title.get.call(this); },
    set(text) { work.titles += 1; title.set.call(this, text); },
  });
}"""
CHOOSE = """(count) => {
  const widget = document.getElementById('widget');
  let inThisTurn = 0;
  window.most = 0;
  window.tasks = [];
  widget.addEventListener('add', ({ detail }) => {
    tasks.push(detail.task);
    if (inThisTurn === 0) setTimeout(() => { inThisTurn = 0; });
    inThisTurn += 1;
    most = Math.max(most, inThisTurn);
  });
  const chosen = new DataTransfer();
  for (let number = 0; number < count; number += 1) chosen.items.add(new File([], `${number}.exe`));
  const input = widget.shadowRoot.getElementById('choose');
  input.files = chosen.files;
  input.dispatchEvent(new Event('change'));
}"""
CANCEL_SOME = """() => document.getElementById('widget').addEventListener('add', ({ detail: { task } }) => {
  if (task.file.name.length === '0.exe'.length) task.cancel();
})"""
ASK_OFTEN = """async () => {
  const { UnfinishedPanel } = await import('/client/widget/unfinished_panel.js');
  const { loadWords } = await import('/client/widget/languages.js');
  const answers = [];
  const uploader = { uploads: [], resumable: () => new Promise((resolve) => answers.push(resolve)) };
  const scene = { uploader, words: await loadWords(['en']), signal: new AbortController().signal };
  const panel = new UnfinishedPanel(scene, () => {});
  const turn = () => new Promise((done) => setTimeout(done));
  const asked = [];
  for (let round = 0; round < 3; round += 1) {
    for (let often = 0; often < 100; often += 1) panel.refresh();
    await turn();
    asked.push(answers.length);
  }
  answers[0]([]);
  await turn();
  asked.push(answers.length);
  answers[1]([]);
  await turn();
  return [...asked, answers.length];
}"""

MANY_UNFINISHED = """async () => {
  const { UnfinishedPanel } = await import('/client/widget/unfinished_panel.js');
  const { loadWords } = await import('/client/widget/languages.js');
  const upload = { size: 2, bytes_uploaded: 1, expires_at: null, fingerprint: 'f' };
  const found = [...Array(60).keys()].map((number) =>
    ({ upload: { ...upload, id: String(number), filename: `file ${number}` }, handle: null, elsewhere: false }));
  const uploader = { uploads: [], resumable: async () => found };
  const scene = { uploader, words: await loadWords(['en']), signal: new AbortController().signal };
  const panel = new UnfinishedPanel(scene, () => {});
  document.body.append(panel.element);
  const more = panel.element.querySelector('#show-more-unfinished');
  const seen = () => [panel.element.querySelectorAll('li').length, more.hidden ? '' : more.textContent, more.hidden];
  await panel.refresh();
  const told = [seen()];
  more.click();
  told.push([...seen(), document.activeElement.closest('li').querySelector('.row-name').textContent]);
  found.splice(10, 3);
  await panel.refresh();
  told.push(seen());
  more.focus();
  const gone = found.splice(-2);
  await panel.refresh();
  told.push([...seen(), document.activeElement.closest('li')?.querySelector('.row-name').textContent]);
  found.push(...gone);
  await panel.refresh();
  more.click();
  told.push(seen());
  return told;
}"""


async def test_cancelling_all_asks_nothing_for_each(visitor: Visitor, observer: Observer) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(ADD, 400)
    await observer.until(lambda: len(observer.under_way) > 0)
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused"], timeout=PATIENCE_MS)
    await page.locator("[data-all=cancel]").click()
    await page.wait_for_function(ALL_ARE, arg=["cancelled"], timeout=PATIENCE_MS)
    # those that had begun when all were paused
    assert 0 < len(visitor.asked("DELETE", "/v1/uploads/[^/]+")) < 50
    listed = [one for one in visitor.asked("GET", "/v1/uploads") if "state=open" in one.url]
    assert len(listed) <= 2, f"the unfinished uploads were asked for {len(listed)} times"
    await expect(page.locator("li[data-unfinished]").filter(has_text=".txt")).to_have_count(0)


async def test_however_often_the_list_is_wanted_it_is_asked_for_once_at_a_time(visitor: Visitor) -> None:
    assert await visitor.page.evaluate(ASK_OFTEN) == [1, 1, 1, 2, 2]


async def test_of_many_unfinished_uploads_a_few_are_drawn_and_more_on_request(visitor: Visitor) -> None:
    assert await visitor.page.evaluate(MANY_UNFINISHED) == [
        [5, "Show 50 more", False],
        [55, "Show 5 more", False, "file 5"],
        # what went makes room
        [55, "Show 2 more", False],
        # the button goes while it has the focus
        [55, "", True, "file 57"],
        [57, "", True],
    ]


async def test_pausing_thousands_draws_but_a_few_times(visitor: Visitor, observer: Observer) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(COUNT_WORK)
    await page.evaluate(ADD, 3000)
    await observer.until(lambda: len(observer.under_way) > 0)
    before = await page.evaluate("({ ...work })")
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused"], timeout=PATIENCE_MS)
    after: dict[str, Any] = await page.evaluate("({ ...work })")
    done = {name: after[name] - before[name] for name in after}
    # a file told of its pause by two events; 3,000 of them in 15 goes
    assert all(times <= 300 for times in done.values()), done
    assert await page.evaluate("document.title") == "Upload files"


async def test_what_was_chosen_is_taken_in_goes_and_of_many_refused_ones_some_are_drawn(
    visitor: Visitor,
) -> None:
    page = visitor.page
    await page.locator("#widget").evaluate("(widget) => widget.setAttribute('accept', '.csv')")
    await page.evaluate(CHOOSE, 1000)
    await page.wait_for_function(
        "() => tasks.length === 1000 && tasks.every(({ state }) => state === 'failed')",
        timeout=PATIENCE_MS,
    )
    assert await page.evaluate("most") <= 200
    await expect(page.locator("#files-summary")).to_contain_text("1,000 stopped")
    rows = page.locator("li[data-upload]")
    await expect(rows).to_have_count(200)
    await page.locator("#show-more").click()
    await expect(rows).to_have_count(300)
    await page.evaluate(ADD_LATE, "late.csv")
    await expect(rows.first).to_contain_text("late.csv")
    await expect(rows).to_have_count(300)


async def test_what_has_no_row_yet_takes_the_place_of_what_was_cleared(
    visitor: Visitor, observer: Observer
) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(ADD, 130)
    rows = page.locator("li[data-upload]")
    await expect(rows).to_have_count(100)
    await page.locator("[data-all=pause]").click()
    await page.evaluate("async () => { for (const task of tasks.slice(0, 100)) await task.cancel(); }")
    await page.locator("[data-all=clear]").click()
    await expect(rows).to_have_count(30)
    await expect(page.locator("#files")).to_be_visible()
    await page.locator("[data-all=cancel]").click()
    await page.wait_for_function(ALL_ARE, arg=["cancelled"], timeout=PATIENCE_MS)


async def test_who_comes_late_to_a_full_list_is_seen(visitor: Visitor, observer: Observer) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(ADD, 100)
    rows = page.locator("li[data-upload]")
    await expect(rows).to_have_count(100)
    await page.evaluate("async () => { await tasks[50].cancel(); }")
    await page.evaluate(ADD_LATE, "late")
    await expect(rows.first).to_contain_text("late")
    await expect(rows).to_have_count(100)
    # what is over goes first, then what waits at the bottom
    await expect(visitor.row("50.txt").element).to_have_count(0)
    await expect(visitor.row("99.txt").element).to_have_count(1)
    await visitor.row("99.txt").element.locator("[data-action=cancel]").focus()
    await page.evaluate(ADD_LATE, "latest")
    await expect(rows.first).to_contain_text("latest")
    # what somebody is about to press stays
    await expect(visitor.row("98.txt").element).to_have_count(0)
    await expect(visitor.row("99.txt").element).to_have_count(1)
    await expect(page.locator("#show-more")).to_have_text("Show 2 more")
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused", "cancelled"], timeout=PATIENCE_MS)
    await page.locator("[data-all=cancel]").click()
    await page.wait_for_function(ALL_ARE, arg=["cancelled"], timeout=PATIENCE_MS)


@pytest.mark.parametrize("dropped", [False, True])
async def test_of_many_that_came_together_the_first_stay_on_top(
    visitor: Visitor, observer: Observer, sample: MakeSample, *, dropped: bool
) -> None:
    page = visitor.page
    observer.hold()
    files = [sample(10 + number, f"{number}.exe").path for number in range(250)]
    await (visitor.drop if dropped else visitor.choose)(*files)
    names, more = page.locator("li[data-upload] .row-name"), page.locator("#show-more")
    all_names = [path.name for path in files]
    await expect(page.locator("#files-summary")).to_contain_text("of 250")
    await expect(more).to_have_text("Show 100 more")
    assert await names.all_text_contents() == all_names[:100]
    # who made room for late ones comes back to its place
    await page.evaluate(SAVE_TASKS)
    for late in (["late"], ["latest", "too"]):
        await page.evaluate(ADD_LATE, late)
        await expect(names.first).to_have_text(late[0])
    await more.click()
    await more.click()
    await expect(more).to_be_hidden()
    assert await names.all_text_contents() == ["latest", "too", "late", *all_names]
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused"], timeout=PATIENCE_MS)
    await page.locator("[data-all=cancel]").click()
    await page.wait_for_function(ALL_ARE, arg=["cancelled"], timeout=PATIENCE_MS)
    await page.locator("[data-all=clear]").click()
    await expect(names).to_have_count(0)
    # there is room for all of them now
    await (visitor.drop if dropped else visitor.choose)(*files)
    await expect(names).to_have_count(250)
    assert await names.all_text_contents() == all_names
    await page.evaluate(SAVE_TASKS)
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused"], timeout=PATIENCE_MS)
    await page.locator("[data-all=cancel]").click()
    await page.wait_for_function(ALL_ARE, arg=["cancelled"], timeout=PATIENCE_MS)


async def test_the_rest_of_what_was_chosen_pushes_out_nothing_that_is_over(
    visitor: Visitor, observer: Observer
) -> None:
    page = visitor.page
    observer.hold()
    await page.evaluate(CANCEL_SOME)
    await page.evaluate(CHOOSE, 250)
    await expect(page.locator("#files-summary")).to_contain_text("of 240")
    await expect(page.locator("li[data-state=cancelled]")).to_have_count(10)
    names = await page.locator("li[data-upload] .row-name").all_text_contents()
    assert names == [f"{number}.exe" for number in range(100)]
    # an empty file is not held up
    await page.locator("[data-all=pause]").click()
    await page.wait_for_function(ALL_ARE, arg=["paused", "cancelled", "completed"], timeout=PATIENCE_MS)


async def test_drawn_anew_the_list_stands_as_it_stood(visitor: Visitor) -> None:
    page = visitor.page
    await page.locator("#widget").evaluate("(widget) => widget.setAttribute('max-size', '4')")
    await page.evaluate(ADD, 120)
    await page.wait_for_function(ALL_ARE, arg=["failed"], timeout=PATIENCE_MS)
    await page.evaluate(ADD_LATE, "late")
    rows = page.locator("li[data-upload]")
    await expect(rows.first).to_contain_text("late")
    await expect(rows).to_have_count(121)
    before = await rows.locator(".row-name").all_text_contents()
    for change in ("widget.lang = 'de'", "(widget.remove(), document.querySelector('main').append(widget))"):
        await page.evaluate(MARK_FRAME)
        await page.evaluate(f"() => {{ const widget = document.getElementById('widget'); {change}; }}")
        await expect(page.locator(".frame:not([data-old])")).to_be_visible()
        assert await rows.locator(".row-name").all_text_contents() == before
    # what failed while nothing was drawn is seen, too
    await page.evaluate(FAIL_OUTSIDE)
    await expect(visitor.row("while-out.txt").element).to_have_count(1)
    # what is not seen stays unseen
    before, unseen = await rows.locator(".row-name").all_text_contents(), page.locator("#show-more")
    await expect(unseen).to_be_visible()
    await page.evaluate(MARK_FRAME)
    await page.evaluate("() => { document.getElementById('widget').lang = 'fr'; }")
    await expect(page.locator(".frame:not([data-old])")).to_be_visible()
    assert await rows.locator(".row-name").all_text_contents() == before
    # there is as much room as was asked for: who comes late takes but one place
    await unseen.click()
    await expect(unseen).to_be_hidden()
    before = await rows.locator(".row-name").all_text_contents()
    await page.evaluate(MARK_FRAME)
    await page.evaluate("() => { document.getElementById('widget').lang = 'es'; }")
    await expect(page.locator(".frame:not([data-old])")).to_be_visible()
    await page.evaluate(ADD_LATE, "last")
    await expect(rows.first).to_contain_text("last")
    assert await rows.locator(".row-name").all_text_contents() == ["last", *before[:-1]]


async def test_an_odd_language_in_the_address_is_no_reason_to_show_nothing(visit: Visiting) -> None:
    async with visit(locale="de-DE") as visitor:
        address = re.sub(r"\?.*", "", visitor.page.url)
        await visitor.page.goto(f"{address}?lang=en_US")
        await expect(visitor.page.locator("#choose-files")).to_have_text("Dateien wählen")
