"""Invented web pages around invented articles: of the size and with the furniture of a news site's page."""

import html
import json
import random

from bench.newsprint import Press
from store.reading import Document

KILOBYTES = 100
"""About the size of a page without its pictures; the median of sixty real ones was 107 kB."""


def page_of(document: Document, seed: int = 1) -> str:
    """The article with navigation, teasers, styles and scripts around it: about a thousand elements."""
    press, rng = Press(seed, words=2_000), random.Random(seed)
    title, *paragraphs = (html.escape(part) for part in document.text.split("\n\n"))
    links = "".join(f'<li class="nav-item"><a href="/s/{n}"><span>{press.person()}</span></a></li>' for n in range(70))
    teasers = "".join(_teaser(press, n) for n in range(70))
    body = "".join(f'<p class="body-text" data-block="{n}">{part}</p>' for n, part in enumerate(paragraphs))
    page = (
        f"<!DOCTYPE html><html lang='en'><head><title>{title}</title><meta charset='utf-8'>"
        f"<meta property='article:published_time' content='2031-05-14T09:00:00Z'>{{filling}}</head>"
        f"<body><header><nav><ul>{links}</ul></nav></header><main><article><h1>{title}</h1>"
        f"<div class='byline'>By {press.person()}</div>{body}</article><aside>{teasers}</aside></main>"
        f"<footer><ul>{links}</ul></footer></body></html>"
    )
    return page.replace("{filling}", f"<script>window.__state = {_noise(rng, KILOBYTES * 1_000 - len(page))}</script>")


def _teaser(press: Press, number: int) -> str:
    return (
        f'<div class="teaser teaser--{number % 5}"><a class="teaser__link" href="/a/{number}"><figure><img src="/{number}.jpg"'
        f' alt=""></figure><h3 class="teaser__title"><span>{html.escape(press.sentence())}</span></h3></a>'
        f'<p class="teaser__text">{html.escape(press.sentence())}</p><time datetime="2031-05-14">14 May</time></div>'
    )


def _noise(rng: random.Random, length: int) -> str:
    return json.dumps({f"k{n}": rng.randbytes(40).hex() for n in range(max(0, length) // 92)})
