import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flow, quoteText, unflow } from '../src/features/compose/draft/flowed.ts';
import { htmlOfText, textOfHtml } from '../src/features/compose/draft/html.ts';
import { isAddress, readPeople, withoutRepeats, writePerson } from '../src/features/compose/draft/people.ts';
import { forwardSubject, oneLine, replySubject } from '../src/features/compose/draft/subject.ts';

const people = (text: string): string[] => readPeople(text).people.map((p) => (p.name ? `${p.name}|${p.email}` : p.email));

test('addresses are told from what is none', () => {
  for (const good of ['a@b.test', 'anna.petrova+shop@example.test', '"a b"@example.test', 'a@[127.0.0.1]', 'пётр@пример.test', "o'neil@example.test", 'a@xn--bcher-kva.example'])
    assert.ok(isAddress(good), good);
  for (const bad of ['', 'a', '@b.test', 'a@', 'a@b', 'a b@c.test', 'a@b..test', '.a@b.test', 'a..b@c.test', 'a@-b.test', 'a@b.test\nBcc: c@d.test', `${'x'.repeat(400)}@b.test`])
    assert.ok(!isAddress(bad), bad);
});

test('pasted lists are read in the forms that people have them in', () => {
  assert.deepEqual(people('a@b.test, c@d.test; e@f.test\ng@h.test\ti@j.test'), ['a@b.test', 'c@d.test', 'e@f.test', 'g@h.test', 'i@j.test']);
  assert.deepEqual(people('Anna Petrova <anna@b.test>, "Bob, Jr." <bob@b.test>'), ['Anna Petrova|anna@b.test', 'Bob, Jr.|bob@b.test']);
  assert.deepEqual(people('"Bob \\"B\\" Hope" <bob@b.test>'), ['Bob "B" Hope|bob@b.test']);
  assert.deepEqual(people('Team: a@b.test, c@d.test;'), ['a@b.test', 'c@d.test']);
  assert.deepEqual(people('a@b.test c@d.test'), ['a@b.test', 'c@d.test']);
  assert.deepEqual(people('mailto:a@b.test'), ['a@b.test']);
  assert.deepEqual(people('<a@b.test>'), ['a@b.test']);
  assert.deepEqual(people('a@b.test (Anna)'), ['a@b.test']);
  assert.deepEqual(people('A@B.test, a@b.test'), ['A@B.test']);
  assert.deepEqual(readPeople('a@b.test, nobody').rest, 'nobody');
  assert.deepEqual(people('a@b.test <a@b.test>'), ['a@b.test']);
  assert.equal(readPeople(Array.from({ length: 5000 }, (_, i) => `p${i}@b.test`).join(',')).people.length, 1000);
});

test('people are written so that they are read alike', () => {
  for (const person of [{ name: 'Bob, Jr.', email: 'b@c.test' }, { name: 'A "B" \\ C', email: 'b@c.test' }, { name: null, email: 'b@c.test' }])
    assert.deepEqual(readPeople(writePerson(person)).people, [person]);
  assert.deepEqual(withoutRepeats([{ name: null, email: 'a@b.test' }], [{ name: null, email: 'A@b.test' }]), []);
});

test('subjects of answers do not pile up prefixes, whatever the language', () => {
  assert.equal(replySubject('Plans'), 'Re: Plans');
  for (const one of ['Re: Plans', 'RE: Re: Plans', 'AW: Plans', 'SV: Re[2]: Plans', 'Antw: Plans', '回复：Plans', 'Re (3): Plans']) assert.equal(replySubject(one), 'Re: Plans', one);
  assert.equal(replySubject('Fwd: Plans'), 'Re: Fwd: Plans');
  assert.equal(replySubject('Regarding: plans'), 'Re: Regarding: plans');
  assert.equal(replySubject(''), 'Re:');
  assert.equal(forwardSubject('WG: Plans'), 'Fwd: Plans');
  assert.equal(forwardSubject('Re: Plans'), 'Fwd: Re: Plans');
  assert.equal(oneLine('a\r\nBcc: x@y.test\u2028b'), 'a Bcc: x@y.test b');
});

test('HTML has a plain text twin', () => {
  assert.equal(textOfHtml('<div>One</div><div><br></div><div>Two <b>bold</b> &amp; &lt;more&gt;</div>'), 'One\n\nTwo bold & <more>');
  assert.equal(textOfHtml('<p>One</p><p>Two</p>'), 'One\n\nTwo');
  assert.equal(textOfHtml('<ul><li>a</li><li>b</li></ul><ol><li>c<ol><li>d</li></ol></li><li>e</li></ol>'), '- a\n- b\n\n1. c\n\n  1. d\n\n2. e');
  assert.equal(textOfHtml('<blockquote type="cite"><div>a</div><blockquote>b</blockquote></blockquote><div>c</div>'), '> a\n> > b\nc');
  assert.equal(textOfHtml('<a href="https://example.test/">here</a> <a href="https://example.test/">example.test</a>'), 'here <https://example.test/> example.test');
  assert.equal(textOfHtml('<div>a</div><div class="postrider-signature"><div>Anna</div></div>'), 'a\n-- \nAnna');
  assert.equal(textOfHtml('<style>p{}</style><script>x()</script><!-- c -->ok<img alt="A cat" src="cid:1">'), 'ok[A cat]');
  assert.equal(textOfHtml('<pre>  a\n   b</pre>'), '  a\n   b');
  assert.equal(textOfHtml('a &#x1F600; &#0; &#55296; &unknown;'), 'a 😀 \ufffd \ufffd &unknown;');
});

test('text that HTML was made of comes back', () => {
  for (const text of ['a', 'a\n\nb', '<b> & "c"', '  two blanks', 'x\n']) assert.equal(textOfHtml(htmlOfText(text)), text.replace(/\n+$/, ''), JSON.stringify(text));
});

test('a twin of hostile HTML takes no long time', () => {
  const start = Date.now();
  textOfHtml('<blockquote>'.repeat(100_000) + 'x');
  textOfHtml('<a href="'.repeat(20_000));
  textOfHtml('<'.repeat(500_000));
  textOfHtml('<!--'.repeat(100_000));
  assert.ok(Date.now() - start < 5_000);
});

test('flowing text is broken at 72 characters and comes back whole', () => {
  const long = `${'word '.repeat(60)}end`;
  const flowed = flow(long);
  assert.ok(flowed.split('\n').every((line) => line.length <= 78), flowed);
  assert.ok(flowed.split('\n').slice(0, -1).every((line) => line.endsWith(' ')));
  for (const text of [long, 'a\n\nb', ' indented', '>not a quote? it is one'.replace('>', 'x'), 'From here', '-- \nAnna', `> ${long}`, `> > ${long}\n> short\nmine`, 'x'.repeat(300), `${'x'.repeat(80)} ${'y'.repeat(80)} z`, 'two  blanks '.repeat(20).trim()])
    assert.equal(unflow(flow(text)), text, JSON.stringify(text));
});

test('quoting adds a level', () => {
  assert.equal(quoteText('a\n\n> b\n'), '> a\n>\n>> b');
});

test('DelSp text is joined without its blanks', () => {
  assert.equal(unflow('漢字 \n漢字', true), '漢字漢字');
});
