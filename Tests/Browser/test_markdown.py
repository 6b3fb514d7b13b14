"""Descriptions in Markdown become elements, and nothing that their writer could use against the reader."""

import time

from page import Dashboard

# What is written, and the elements it becomes.
TABLE = [
    ("plain text", "<p>plain text</p>"),
    ("one\ntwo", "<p>one<br>two</p>"),
    ("one\n\n\ntwo", "<p>one</p><p>two</p>"),
    ("one\r\n\r\ntwo", "<p>one</p><p>two</p>"),
    ("", ""),
    ("# A", "<h3>A</h3>"),
    ("## A ##", "<h4>A</h4>"),
    ("###### A", "<h6>A</h6>"),
    ("####### A", "<p>####### A</p>"),
    ("#A", "<p>#A</p>"),
    ("# C#", "<h3>C#</h3>"),
    ("text\n# A\ntext", "<p>text</p><h3>A</h3><p>text</p>"),
    ("*a* _b_ **c** __d__ ***e***", "<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <em><strong>e</strong></em></p>"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
    ("**open and *not closed", "<p>**open and *not closed</p>"),
    ("*a _b* c_", "<p><em>a _b</em> c_</p>"),
    ("\\*not emphasis\\*", "<p>*not emphasis*</p>"),
    ("`a * b` and ``c ` d``", "<p><code>a * b</code> and <code>c ` d</code></p>"),
    ("`not closed", "<p>`not closed</p>"),
    ("```\n<b>\n  x\n```\nafter", '<pre class="code" tabindex="0"><code>&lt;b&gt;\n  x</code></pre><p>after</p>'),
    ("~~~ python\nx\n\ny", '<pre class="code" tabindex="0"><code>x\n\ny</code></pre>'),
    ("````\n```\n````", '<pre class="code" tabindex="0"><code>```</code></pre>'),
    ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    ("* a\n\n* b", "<ul><li>a</li><li>b</li></ul>"),
    ("- a\n  - b\n  - c\n- d", "<ul><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ul>"),
    ("- a\n\n  second\n- b", "<ul><li><p>a</p><p>second</p></li><li>b</li></ul>"),
    ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
    ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    ("1. a\n   - b", "<ol><li>a<ul><li>b</li></ul></li></ol>"),
    ("- a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
    ("- a\n\ntext", "<ul><li>a</li></ul><p>text</p>"),
    ("Founded in\n1998. Since then", "<p>Founded in<br>1998. Since then</p>"),
    ("> a\n> b\n>\n> - c", "<blockquote><p>a<br>b</p><ul><li>c</li></ul></blockquote>"),
    ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
    ("* * *", "<hr>"),
    ("&lt; &amp; &copy;", "<p>&amp;lt; &amp;amp; &amp;copy;</p>"),
    # What a hostile writer tries
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"),
    ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
    ("[a](JaVaScRiPt:alert(1))", "<p>[a](JaVaScRiPt:alert(1))</p>"),
    ("[a](&#106;avascript:alert(1))", "<p>[a](&amp;#106;avascript:alert(1))</p>"),
    ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
    ("[a](vbscript:x) [b](file:///etc/passwd)", "<p>[a](vbscript:x) [b](file:///etc/passwd)</p>"),
    ("[a](#/projects) [b](//example.org) [c](/x)", "<p>[a](#/projects) [b](//example.org) [c](/x)</p>"),
    ("<javascript:alert(1)>", "<p>&lt;javascript:alert(1)&gt;</p>"),
]
# What is written, and the links in it: (text, address).
LINKS = [
    ("[a](https://example.org/x)", [("a", "https://example.org/x")]),
    ("[a *b*](http://example.org \"t\")", [("a b", "http://example.org/")]),
    ("[a](<https://example.org/x>)", [("a", "https://example.org/x")]),
    ("[w](https://example.org/A_(b))", [("w", "https://example.org/A_(b)")]),
    ("[mail](mailto:a@example.org)", [("mail", "mailto:a@example.org")]),
    ("<https://example.org/?a=b&c>", [("https://example.org/?a=b&c", "https://example.org/?a=b&c")]),
    ("See https://example.org/a_b_c. Or (https://example.org/x)!", [
        ("https://example.org/a_b_c", "https://example.org/a_b_c"), ("https://example.org/x", "https://example.org/x")]),
    ("![a picture](https://example.org/x.png)", [("a picture", "https://example.org/x.png")]),
    ("[outer [inner](https://example.org/i)](https://example.org/o)", [("outer [inner](https://example.org/i)", "https://example.org/o")]),
    ("[a](https://example.org/\"onmouseover=alert(1))", [("a", "https://example.org/%22onmouseover=alert(1)")]),
    ("`https://example.org` and \\[a](https://example.org)", [("https://example.org", "https://example.org/")]),
]
# Texts that a careless parser takes minutes, or the whole stack, for.
HEAVY = {
    "quotes": ">" * 16_000, "stars": "*a " * 10_000, "openers": "**a *b " * 4_000, "brackets": "[" * 30_000,
    "ticks": " ".join("`" * size for size in range(1, 240)), "lists": "\n".join("  " * depth + "- x" for depth in range(200)),
    "links": "[a](" * 8_000, "blank": "- a" + "\n" * 30_000 + "b", "hashes": "# " + "#" * 30_000 + "x", "spaces": "# a" + " " * 30_000 + "b",
    "rule": "- " * 15_000 + "x", "under": "_a" * 15_000, "urls": "http://" * 4_500, "quoted lists": "> - " * 8_000,
}
RENDER = """
    const [text, done] = arguments;
    import('/js/markdown.js').then(({ markdown }) => {
      const element = markdown(text);
      const depth = (node) => 1 + Math.max(0, ...[...node.children].map(depth));
      done({
        html: element.innerHTML,
        links: [...element.querySelectorAll('a')].map((a) => [a.textContent, a.href, a.rel, a.target]),
        tags: [...new Set([...element.querySelectorAll('*')].map((e) => e.localName))],
        attributes: [...new Set([...element.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()))],
        depth: depth(element),
      });
    }).catch((error) => done({ error: String(error) }));"""
TAGS = {"p", "br", "h3", "h4", "h5", "h6", "em", "strong", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "a"}
ATTRIBUTES = {"href", "title", "rel", "target", "class", "tabindex", "start"}


class Markdown(Dashboard):
    def render(self, text):
        if not self.browser.current_url.startswith(self.server.url):
            self.browser.get(self.server.url + "/")
        result = self.browser.execute_async_script(RENDER, text)
        self.assertNotIn("error", result)
        self.assertLessEqual(set(result["tags"]), TAGS)
        self.assertLessEqual(set(result["attributes"]), ATTRIBUTES)
        return result

    def test_elements(self):
        for text, expected in TABLE:
            with self.subTest(text):
                self.assertEqual(self.render(text)["html"], expected)

    def test_links(self):
        for text, expected in LINKS:
            with self.subTest(text):
                links = self.render(text)["links"]
                self.assertEqual([(text, url) for text, url, *_ in links], expected)
                for _, url, rel, target in links:
                    self.assertIn("noopener", rel)
                    self.assertEqual(target, "" if url.startswith("mailto:") else "_blank")

    def test_heavy_texts_are_quick_and_flat(self):
        for name, text in HEAVY.items():
            with self.subTest(name):
                begin = time.monotonic()
                result = self.render(text)
                self.assertLess(time.monotonic() - begin, 2)
                self.assertLess(result["depth"], 60)
