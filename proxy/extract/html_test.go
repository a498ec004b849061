package extract

import (
	"strings"
	"testing"

	"postvern.example/policy/detect"
)

func TestTextOfAPageIsReadAsItIsSeenAndAsItIsHidden(t *testing.T) {
	for _, c := range []struct{ name, page, want string }{
		{"bold in a number", `cpr 0102<b>03</b>-1234`, "010203-1234"},
		{"spans in a number", `<span>01</span><span>02</span><span>03</span>-<span>1234</span>`, "010203-1234"},
		{"a comment in a number", `0102<!-- x -->03-1234`, "010203-1234"},
		{"hidden text in a number", `0102<span style="display:none">xx</span>03-1234`, "010203-1234"},
		{"text hidden by a class in a number", `<style>p .q, .z { color:red; display : none }</style>0102<i class="a q">xx</i>03-1234`, "010203-1234"},
		{"hidden text", `<div style="display: none">010203-1234</div>`, "010203-1234"},
		{"white text", `<font color=white>010203-1234</font>`, "010203-1234"},
		{"entities", `&#48;1&#x30;203&#45;1234`, "010203-1234"},
		{"a soft hyphen entity", `0102&shy;03-1234`, "010203-1234"},
		{"a word break", `0102<wbr>03-1234`, "010203-1234"},
		{"blocks", `<p>010203</p><p>1234</p>`, "010203\n1234"},
		{"a block made inline", `<div style="display:inline">010203-</div><div style="display: inline">1234</div>`, "010203-1234"},
		{"line breaks", `hej<br>verden`, "hej\nverden"},
		{"a comment", `<!-- 010203-1234 -->`, "010203-1234"},
		{"Outlook's conditional comment", `<!--[if mso]><p>0102<b>03-1234</b></p><![endif]-->`, "010203-1234"},
		{"alt", `<img src=x alt="010203-1234">`, "010203-1234"},
		{"title", `<a title='010203-1234'>x</a>`, "010203-1234"},
		{"mailto", `<a href="mailto:bo@x.example?subject=010203%2D1234">x</a>`, "010203-1234"},
		{"a data attribute", `<p data-x="010203-1234">`, "010203-1234"},
		{"an input's value", `<input value="010203-1234">`, "010203-1234"},
		{"a meta field", `<meta name=author content="010203-1234">`, "010203-1234"},
		{"a data URL", `<iframe src="data:text/html;base64,MDEwMjxiPjAzPC9iPi0xMjM0">`, "010203-1234"},
		{"srcdoc", `<iframe srcdoc="0102&lt;b&gt;03&lt;/b&gt;-1234">`, "010203-1234"},
		{"a script", `<script>var a = "010203-1234"</script>`, "010203-1234"},
		{"a style sheet", `<style>p:after { content: "010203-1234" }</style>`, "010203-1234"},
		{"a style attribute", `<p style="content:'010203-1234'">`, "010203-1234"},
		{"the title of the page", `<title>010203-1234</title>`, "010203-1234"},
		{"noscript", `<noscript>0102<b>03</b>-1234</noscript>`, "010203-1234"},
		{"a template", `<template>0102<b>03</b>-1234</template>`, "010203-1234"},
		{"a text area", `<textarea>010203-1234</textarea>`, "010203-1234"},
		{"CDATA", `<svg><![CDATA[010203-1234]]></svg>`, "010203-1234"},
		{"a tag that the end cuts off", `<a title="010203-1234`, "010203-1234"},
		{"a cell", `<table><tr><td>0102<b>03</b>-1234</td></tr></table>`, "010203-1234"},
		{"hidden text in a cell", `<table><tr><td>a<td>0102<i hidden>9</i>03-1234</tr><tr><td>b<td>c</table>`, "010203-1234"},
		{"a cell of a table in a table", `<table><tr><td><table><tr><td>0102<b>03</b>-1234</td></tr></table></td></tr></table>`, "010203-1234"},
		{"words", "<p>en  to\n tre</p>", "en to tre"},
	} {
		res := extracted(t, body("text/html; charset=utf-8", c.page))
		if !res.holds(c.want) {
			t.Errorf("%s: not read\n%s", c.name, res.dump())
		}
		if len(res.Findings) > 0 {
			t.Errorf("%s: findings\n%s", c.name, res.dump())
		}
	}
}

func TestATableOfDataIsATableSegment(t *testing.T) {
	res := extracted(t, body("text/html", `<p>Medlemmer</p><table>
		<tr><th>Navn</th><th>CPR</th></tr>
		<tr><td>Anna<br>Holm</td><td>010203-1234</td></tr></table>`))
	s, ok := res.segment("010203-1234")
	if !ok || s.Shape != detect.Table || s.Text != "Navn\tCPR\nAnna Holm\t010203-1234\n" {
		t.Error(res.dump())
	}
	if s, _ := res.segment("Medlemmer"); s.Shape != detect.Prose {
		t.Error(res.dump())
	}
}

func TestATableThatLaysOutThePageIsProse(t *testing.T) {
	res := extracted(t, body("text/html", `<table><tr><td>`+strings.Repeat("mange ord ", 80)+`</td><td>og</td></tr>
		<tr><td>Anna er <b>syge</b>meldt</td><td>x</td></tr></table>`))
	if s, ok := res.segment("Anna er sygemeldt"); !ok || s.Shape != detect.Prose {
		t.Error(res.dump())
	}
}

func TestDeepPagesEnd(t *testing.T) {
	for _, page := range []string{
		strings.Repeat("<table><tr><td>", 20_000),
		strings.Repeat("<div style=display:none>", 50_000),
		strings.Repeat("<!--[if x]>", 10_000) + strings.Repeat("<![endif]-->", 10_000),
		strings.Repeat("&lt;iframe srcdoc=", 1000),
	} {
		extracted(t, body("text/html", page))
	}
}
