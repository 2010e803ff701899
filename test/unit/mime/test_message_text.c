#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "format/fold.h"
#include "mime/message_text.h"

/* ---- what is given ---- */

struct given {
	struct buf text;
	size_t pieces;
};

static bool note(void *arg, const struct message_text_piece *p)
{
	static const char *const kinds[] = {"field", "addresses", "part", "body", "attachment"};
	struct given *g = arg;
	buf_printf(&g->text, "%s[%.*s%s]%.*s\n", kinds[p->kind], VIEW_FMT(p->name), p->is_noise ? "!" : "",
	    VIEW_FMT(p->text));
	g->pieces++;
	return true;
}

static void gives(const char *message, const char *expected)
{
	struct given g = {.pieces = 0};
	struct message_text_options options = {.attachments = true, .attachment_max = 1000};
	buf_init(&g.text, 100000);
	assert_int_equal(message_text(view_from_string(message), &options, note, &g), 0);
	assert_string_equal(buf_string(&g.text), expected);
	buf_done(&g.text);
}

static void gives_fields_and_text(void **state)
{
	(void)state;
	gives("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n aus Wien\nFrom: \"A B\" <a@b.test>\n\nHallo\n",
	    "field[Subject]Grüße aus Wien\nfield[From]\"A B\" <a@b.test>\nbody[]Hallo\n\n");
	gives("DKIM-Signature: b=abc\n\nx", "field[DKIM-Signature!]b=abc\nbody[]x\n");
	gives("Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=koi8-r\n\nydfBzg==\n",
	    "field[Content-Transfer-Encoding]base64\nfield[Content-Type]text/plain; "
	    "charset=koi8-r\nbody[]иван\n");
	gives("Content-Type: text/html\n\n<p>Hello&nbsp;<b>w</b>orld</p>",
	    "field[Content-Type]text/html\nbody[]\nHello\u00a0world\n\n");
}

static void gives_parts_and_attachments(void **state)
{
	(void)state;
	gives("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText\n--b\n"
	      "Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\n"
	      "Content-Transfer-Encoding: base64\n\nJVBERg==\n--b--\n",
	    "field[Content-Type]multipart/mixed; boundary=b\npart[]Content-Type: text/plain\nbody[]Text\n"
	    "part[]Content-Type: application/pdf\n"
	    "part[]Content-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\n"
	    "part[]Content-Transfer-Encoding: base64\npart[]ü.pdf\nattachment[ü.pdf]%PDF\n");
}

static void gives_messages_within_as_text(void **state)
{
	(void)state;
	gives("Content-Type: message/rfc822\n\nSubject: inner\n\nText\n",
	    "field[Content-Type]message/rfc822\nbody[]Subject: inner\nbody[]Text\n\n");
	/* Encoded: base64 of "Subject: inner\n\nText\n". */
	gives("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
	      "U3ViamVjdDogaW5uZXIKClRleHQK\n",
	    "field[Content-Type]message/rfc822\nfield[Content-Transfer-Encoding]base64\n"
	    "body[]Subject: inner\nbody[]Text\n\n");
}

/* ---- what is found ---- */

static bool finds(const char *message, struct message_sought sought)
{
	struct buf folded, bare;
	buf_init(&folded, 1000);
	buf_init(&bare, 1000);
	fold_casemap(sought.text, &folded);
	fold_bare(buf_view(&folded), &bare);
	sought.text = sought.bare ? buf_view(&bare) : buf_view(&folded);
	assert_int_equal(message_text_find(view_from_string(message), &sought, 1), 0);
	buf_done(&folded);
	buf_done(&bare);
	return sought.found;
}

static const char mail[] =
    "From: Bob <bob@example.test>\nTo: Carol <carol@example.test>\n"
    "Subject: Quarterly caf\xc3\xa9 report\nX-Empty:\nDKIM-Signature: b=signed\n"
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nDear Carol,\nall is well.\n--b\n"
    "Content-Type: message/rfc822\n\nSubject: enclosed\n\ndeep inside\n--b\n"
    "Content-Type: image/png; name=tree.png\n\nabc\n--b--\n";

#define FINDS(where, what) finds(mail, (struct message_sought){.field = where, .text = VIEW(what)})

static void finds_in_the_field_that_is_meant(void **state)
{
	(void)state;
	assert_true(FINDS(MESSAGE_IN_SUBJECT, "quarterly CAF"));
	assert_true(FINDS(MESSAGE_IN_SUBJECT, "CAFÉ"));
	assert_true(FINDS(MESSAGE_IN_SUBJECT, "cafe")); /* RFC 5051 decomposes: the accent is a character */
	assert_false(FINDS(MESSAGE_IN_SUBJECT, "cafe report"));
	assert_false(FINDS(MESSAGE_IN_SUBJECT, "enclosed"));
	assert_true(FINDS(MESSAGE_IN_FROM, "bob@EXAMPLE"));
	assert_false(FINDS(MESSAGE_IN_FROM, "carol"));
	assert_true(FINDS(MESSAGE_IN_TO, "carol"));
	assert_false(FINDS(MESSAGE_IN_CC, "carol"));
	assert_true(FINDS(MESSAGE_IN_BODY, "carol,\nall"));
	assert_true(FINDS(MESSAGE_IN_BODY, "deep INSIDE"));
	assert_true(FINDS(MESSAGE_IN_BODY, "subject: enclosed"));
	assert_false(FINDS(MESSAGE_IN_BODY, "quarterly"));
	assert_false(FINDS(MESSAGE_IN_BODY, "tree.png"));
	assert_true(FINDS(MESSAGE_IN_TEXT, "tree.png"));
	assert_true(FINDS(MESSAGE_IN_TEXT, "subject: quarterly"));
	assert_true(FINDS(MESSAGE_IN_TEXT, "deep inside"));
	assert_false(FINDS(MESSAGE_IN_TEXT, "signed"));
	assert_false(FINDS(MESSAGE_IN_TEXT, "nowhere"));
	/* Never across two texts. */
	assert_false(FINDS(MESSAGE_IN_BODY, "well.\nsubject"));
}

/* Addresses are found as ENVELOPE shows them, and as they stand. */
static void finds_addresses_in_either_form(void **state)
{
	static const char message[] =
	    "From: <bob (home)@ (here) example.test>\nTo: \"Carol \\\"C\\\" Smith\" <carol@example.test>,\n"
	    " \"odd box\"@example.test\nCc: team (x):a (y)@example.test;\nReply-To: <r (x)@example.test>\n\n";
	(void)state;
	assert_true(finds(
	    message, (struct message_sought){.field = MESSAGE_IN_FROM, .text = VIEW("bob@example.test")}));
	assert_true(
	    finds(message, (struct message_sought){.field = MESSAGE_IN_FROM, .text = VIEW("bob (home)@")}));
	assert_true(finds(
	    message, (struct message_sought){.field = MESSAGE_IN_TO, .text = VIEW("Carol \"C\" Smith")}));
	assert_true(
	    finds(message, (struct message_sought){.field = MESSAGE_IN_TO, .text = VIEW("odd box@example")}));
	assert_true(
	    finds(message, (struct message_sought){.field = MESSAGE_IN_CC, .text = VIEW("a@example")}));
	/* What isn't of ENVELOPE is looked through as it stands. */
	struct message_sought from = {
	    .field = MESSAGE_IN_HEADER, .header = VIEW("From"), .text = VIEW("bob@example")};
	assert_false(finds(message, from));
	assert_false(
	    finds(message, (struct message_sought){.field = MESSAGE_IN_TEXT, .text = VIEW("bob@example")}));
	gives("From: Bob <bob@example.test>\nTo: =?utf-8?q?Gr=C3=BCn?= <g@example.test>\n\n",
	    "field[From]Bob <bob@example.test>\nfield[To]Grün <g@example.test>\nbody[]\n");
	gives("From: bob (Bob)@example.test\n\n",
	    "field[From]bob (Bob)@example.test\naddresses[From]bob@example.test\nbody[]\n");
}

static void finds_in_fields_by_name(void **state)
{
	(void)state;
	struct message_sought s = {.field = MESSAGE_IN_HEADER, .header = VIEW("x-empty")};
	assert_true(finds(mail, s));
	s.header = VIEW("x-other");
	assert_false(finds(mail, s));
	s.header = VIEW("dkim-signature");
	s.text = VIEW("SIGNED");
	assert_true(finds(mail, s));
}

static void finds_words_and_forgives_accents(void **state)
{
	(void)state;
	struct message_sought s = {
	    .field = MESSAGE_IN_SUBJECT, .how = MESSAGE_TEXT_WORD, .text = VIEW("quarter")};
	assert_false(finds(mail, s));
	s.how = MESSAGE_TEXT_PREFIX;
	assert_true(finds(mail, s));
	s.text = VIEW("uarterly");
	assert_false(finds(mail, s));
	s.how = MESSAGE_TEXT_WORD;
	s.text = VIEW("cafe");
	assert_false(finds(mail, s));
	s.bare = true;
	assert_true(finds(mail, s));
	s.text = VIEW("cafe report");
	assert_true(finds(mail, s));
}

/* A text of many slices, with what is sought across the edge of two of them. */
static void finds_in_long_texts(void **state)
{
	struct buf message;
	(void)state;
	buf_init(&message, 8 << 20);
	buf_append_string(&message, "Subject: long\n\n");
	size_t body = message.len;
	while (message.len < body + 65530)
		buf_append_byte(&message, 'x');
	buf_append_string(&message, " needle\xc3\xa9 ");
	while (message.len < body + (3 << 20) - 4)
		buf_append_string(&message, "\xe4\xbc\x9a");
	buf_append_string(&message, " second ");
	while (message.len < body + (4 << 20))
		buf_append_byte(&message, 'y');
	buf_append_string(&message, " last");
	struct message_sought sought[] = {
	    {.field = MESSAGE_IN_BODY, .how = MESSAGE_TEXT_WORD, .text = VIEW("NEEDLEE\u0301")},
	    {.field = MESSAGE_IN_TEXT, .how = MESSAGE_TEXT_WORD, .text = VIEW("SECOND")},
	    {.field = MESSAGE_IN_BODY, .how = MESSAGE_TEXT_WORD, .text = VIEW("LAST")},
	    {.field = MESSAGE_IN_BODY, .text = VIEW("X NEEDLE")},
	    {.field = MESSAGE_IN_BODY, .text = VIEW("ABSENT")}};
	assert_int_equal(message_text_find(buf_view(&message), sought, 5), 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(sought[i].found);
	assert_false(sought[4].found);
	buf_done(&message);
}

static void gathers_up_to_its_limit(void **state)
{
	struct message_gather g;
	char *much = malloc(MESSAGE_TEXT_MAX);
	(void)state;
	memset(much, 'x', MESSAGE_TEXT_MAX);
	message_gather_init(&g);
	assert_int_equal(message_gather_add(&g, VIEW("a")), 0);
	assert_int_equal(message_gather_add(&g, view_of(much, MESSAGE_TEXT_MAX)), -ENOBUFS);
	assert_int_equal(buf_view(&g.bytes).len, 1);
	message_gather_done(&g);
	free(much);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_fields_and_text),
	    cmocka_unit_test(gives_parts_and_attachments),
	    cmocka_unit_test(gives_messages_within_as_text),
	    cmocka_unit_test(finds_in_the_field_that_is_meant),
	    cmocka_unit_test(finds_addresses_in_either_form),
	    cmocka_unit_test(finds_in_fields_by_name),
	    cmocka_unit_test(finds_words_and_forgives_accents),
	    cmocka_unit_test(finds_in_long_texts),
	    cmocka_unit_test(gathers_up_to_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
