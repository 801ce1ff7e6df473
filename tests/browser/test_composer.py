"""The composer with scripts: nothing that was written is lost, files go up by themselves, a voice is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import Site
from tests.media import samples

NewPage = Callable[..., Page]
KEPT = re.compile("draft=[0-9]+$")


@pytest.fixture
def reader(newcomer: NewPage, site: Site) -> Page:
    page = newcomer("reader")
    page.goto(f"/{site.world.slug}/posts/new")
    return page


def state(page: Page) -> Locator:
    return page.locator("#draft-state[data-id]")


def test_what_is_typed_is_kept_and_back_after_a_reload(reader: Page) -> None:
    reader.fill("#body", "写到一半，手机没电了。")
    reader.set_input_files("#images", steps.pictures(2))
    expect(state(reader)).to_be_visible()
    expect(reader).to_have_url(KEPT)
    expect(reader.locator(".preview [name=media_ids]")).to_have_count(2)
    seq = int(state(reader).get_attribute("data-seq") or 0)
    reader.press("#body", "End")
    reader.type("#body", "后来又有了。")
    expect(reader.locator(f"#draft-state[data-seq='{seq}']")).to_have_count(0)  # kept once more
    reader.wait_for_function("document.querySelector('#draft-state').dataset.id && !localStorage.length")
    reader.reload()
    expect(reader.locator("#body")).to_have_value("写到一半，手机没电了。后来又有了。")
    expect(reader.locator(".preview:not(.preview-add)")).to_have_count(2)
    post = steps.publish(reader)
    expect(post.locator(".images img")).to_have_count(2)
    reader.goto("/me/drafts")
    expect(reader.locator(".draft", has_text="手机没电了")).to_have_count(0)


def test_leaving_at_once_keeps_the_words_too(reader: Page, site: Site) -> None:
    reader.fill("#body", "一句话就走。")
    reader.goto(f"/{site.world.slug}")
    reader.goto(f"/{site.world.slug}/posts/new")
    # by the request that outlives the page, or by the copy on this device
    offer, body = reader.locator("#draft-offer", has_text="一句话就走。"), reader.locator("#body")
    assert offer.count() == 1 or body.input_value() == "一句话就走。"


def test_without_a_connection_the_words_stay_on_the_device_and_go_up_later(reader: Page) -> None:
    reader.context.set_offline(True)
    reader.fill("#body", "在隧道里写的。")
    expect(reader.locator("#draft-state")).not_to_be_empty()
    assert reader.evaluate("Object.values(localStorage).join('')").count("在隧道里写的。") == 1
    reader.context.set_offline(False)
    reader.evaluate("dispatchEvent(new Event('online'))")
    expect(state(reader)).to_be_visible()
    expect(reader).to_have_url(KEPT)


def test_two_devices_keep_both_versions(reader: Page, newcomer: NewPage) -> None:
    reader.fill("#body", "第一句。")
    expect(reader).to_have_url(KEPT)
    other = newcomer("reader")
    other.goto(reader.url)
    other.fill("#body", "第一句，从电脑接着写。")
    expect(other.locator("#draft-state[data-seq='2']")).to_be_visible()
    reader.fill("#body", "第一句，从手机接着写。")
    stale = reader.locator("#draft-stale")
    expect(stale).to_be_visible()
    expect(stale).to_contain_text("从电脑接着写")
    expect(reader.locator("#body")).to_have_value("第一句，从手机接着写。")
    first = reader.url
    stale.locator("[data-keep-copy]").click()
    reader.wait_for_url(lambda url: "draft=" in url and url != first)
    reader.goto("/me/drafts")
    for words in ("从电脑接着写", "从手机接着写"):
        expect(reader.locator(".draft", has_text=words)).to_have_count(1)


def test_a_voice_is_recorded_heard_and_published(reader: Page) -> None:
    reader.context.grant_permissions(["microphone"])
    reader.click("[data-record]")
    panel = reader.locator("#recorder")
    expect(panel).to_be_visible()
    expect(panel.locator("[data-record-stop]")).to_be_focused()
    expect(panel.locator(".voice-time")).to_have_text("0:01")
    reader.click("[data-record-stop]")
    expect(panel).to_be_hidden()
    voice = reader.locator(".attachment[data-kind=audio] .voice")
    expect(voice).to_be_visible()
    expect(reader.locator(".attachment [name=media_ids]")).to_have_count(1)
    voice.locator(".voice-play").click()
    expect(voice).to_have_attribute("data-playing", "")
    reader.set_input_files("#images", steps.pictures(1))  # one or the other
    expect(reader.locator(".preview:not(.preview-add)")).to_have_count(0)
    post = steps.publish(reader)
    bars = post.locator(".voice-wave rect")
    assert 10 <= bars.count() <= 48
    post.locator(".voice-play").click()
    expect(post.locator(".voice")).to_have_attribute("data-playing", "")
    expect(post.locator(".voice-wave rect.on").first).to_be_attached()
    track = post.locator(".voice-track")
    track.press("End")
    expect(track).not_to_have_attribute("aria-valuenow", "0")


def test_a_recording_can_be_thrown_away(reader: Page) -> None:
    reader.context.grant_permissions(["microphone"])
    reader.click("[data-record]")
    expect(reader.locator("#recorder")).to_be_visible()
    reader.click("[data-record-cancel]")
    expect(reader.locator("#recorder")).to_be_hidden()
    expect(reader.locator(".attachment")).to_have_count(0)


def test_a_microphone_that_is_not_allowed_is_explained(reader: Page) -> None:
    reader.context.clear_permissions()
    reader.click("[data-record]")
    expect(reader.locator("#toasts .toast")).to_be_visible()
    expect(reader.locator("#recorder")).to_be_hidden()


def test_only_one_voice_plays(newcomer: NewPage, site: Site) -> None:
    page = newcomer("reader")
    for n in range(2):
        page.goto(f"/{site.world.slug}/posts/new")
        sound = {"name": f"{n}.wav", "mimeType": "audio/wav", "buffer": samples.wav(seconds=3)}
        page.set_input_files("#voice", [sound])  # type: ignore[list-item]
        expect(page.locator(".attachment [name=media_ids]")).to_have_count(1)
        steps.publish(page)
    page.goto(f"/{site.world.slug}")
    voices = page.locator("#feed .voice")
    voices.nth(0).locator(".voice-play").click()
    expect(voices.nth(0)).to_have_attribute("data-playing", "")
    voices.nth(1).locator(".voice-play").click()
    expect(voices.nth(1)).to_have_attribute("data-playing", "")
    assert voices.nth(0).get_attribute("data-playing") is None


def test_a_picture_is_dropped_and_pasted(reader: Page) -> None:
    bring = """(kind) => fetch('/static/img/favicon.svg').then(async () => {
        const canvas = document.createElement('canvas'); canvas.width = canvas.height = 20;
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        const bag = new DataTransfer(); bag.items.add(new File([blob], kind + '.png', { type: 'image/png' }));
        const options = { bubbles: true, cancelable: true };
        const event = kind === 'drop' ? new DragEvent('drop', { ...options, dataTransfer: bag })
            : new ClipboardEvent('paste', { ...options, clipboardData: bag });
        document.getElementById('body').dispatchEvent(event);
    })"""
    for n, kind in enumerate(("drop", "paste"), 1):
        reader.evaluate(bring, kind)
        expect(reader.locator(".preview [name=media_ids]")).to_have_count(n)


def test_an_upload_that_failed_can_be_tried_again_and_holds_the_post_back(reader: Page) -> None:
    reader.fill("#body", "一张图。")
    reader.route("**/media", lambda route: route.abort())
    reader.set_input_files("#images", steps.pictures(1))
    box = reader.locator(".preview[data-failed]")
    expect(box).to_be_visible()
    reader.click("header button[form=compose]")
    expect(reader.locator("#draft-state")).not_to_be_empty()
    expect(reader).to_have_url(re.compile("/posts/new"))
    reader.unroute("**/media")
    box.locator(".preview-retry").click()
    expect(reader.locator(".preview [name=media_ids]")).to_have_count(1)
    expect(steps.publish(reader).locator(".images img")).to_have_count(1)


def test_a_planned_post_is_planned_from_the_same_button(reader: Page) -> None:
    reader.fill("#body", "新年好。")
    before = reader.inner_text("#publish")
    year = int(reader.evaluate("new Date().getFullYear()"))
    day = reader.evaluate("new Date(Date.now() + 864e5 * 30).toISOString().slice(0, 10)")
    assert day.startswith((str(year), str(year + 1)))
    reader.fill("#publish_at", f"{day}T08:00")
    assert reader.inner_text("#publish") != before
    reader.click("#publish")
    reader.wait_for_url("**/me/drafts")
    expect(reader.locator(".draft", has_text="新年好。").locator(".banner[data-tone=ok]")).to_contain_text("08:00")


def test_a_picture_is_described_beside_it_and_people_are_named_by_the_buttons(reader: Page) -> None:
    reader.fill("#body", "看窗外")
    reader.click("[data-sign='#']")
    expect(reader.locator("#suggestions [role=option]").first).to_be_visible()
    reader.locator("#suggestions [role=option]").first.click()
    expect(reader.locator("#body")).to_have_value(re.compile("^看窗外#[^#]+# $"))
    reader.click("[data-sign='@']")
    people = reader.locator("#suggestions [role=option]", has_text="@")
    expect(people.first).to_be_visible()
    reader.keyboard.press("Enter")
    expect(reader.locator("#body")).to_have_value(re.compile("# @\\S+ $"))
    reader.set_input_files("#images", steps.pictures(2))
    expect(reader.locator(".preview [name=media_ids]")).to_have_count(2)
    reader.locator(".preview-alt summary").nth(1).click()
    reader.locator(".preview-alt textarea").nth(1).fill("半开的窗")
    expect(state(reader)).to_be_visible()
    post = steps.publish(reader)
    expect(post.locator(".images img").nth(1)).to_have_attribute("alt", "半开的窗")
    expect(post.locator("a.hashtag")).to_have_count(1)
    expect(post.locator("a.mention")).to_have_count(1)
