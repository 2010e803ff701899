#include "../unit.h"

#include "cli/cli_send.h"

/* ---- the server's name ---- */

static void names(const char *text, const char *host, unsigned port)
{
	char found[REMOTE_HOST_SIZE] = "";
	unsigned number = 99999;
	assert_true(remote_parse_server(text, found, &number));
	assert_string_equal(found, host);
	assert_int_equal(number, port);
}

static void reads_servers(void **state)
{
	(void)state;
	char host[REMOTE_HOST_SIZE];
	unsigned port;
	names("localhost", "localhost", 0);
	names("127.0.0.1:2587", "127.0.0.1", 2587);
	names("Mail.Example.ORG:25", "mail.example.org", 25);
	names("b\xc3\xbc"
	      "cher.example",
	    "xn--bcher-kva.example", 0);
	names("::1", "::1", 0);
	names("[::1]", "::1", 0);
	names("[2001:db8::1]:465", "2001:db8::1", 465);
	static const char *const wrong[] = {"", ":25", "host:", "host:0", "host:65536", "host:x", "[::1",
	    "[::1]25", "a b", "[]", "-x", "a..b"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_false(remote_parse_server(wrong[i], host, &port));
}

/* ---- the dialogue ---- */

/* Lines as both say them: "C ..." and "S ..."; what is shown. */
static void shows(const char *const *lines, const char *expected)
{
	struct remote_dialogue d = {0};
	struct buf out;
	buf_init(&out, 10000);
	for (; *lines; lines++) {
		struct view line = view_skip(view_from_string(*lines), 2);
		if (**lines == 'C')
			remote_dialogue_sent(&d, line, &out);
		else
			remote_dialogue_received(&d, line, &out);
	}
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void hides_passwords(void **state)
{
	(void)state;
	static const char *const plain[] = {"S 250-mail\r\n250 AUTH PLAIN\r\n",
	    "C AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "S 235 2.7.0 welcome\r\n",
	    "C MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", NULL};
	shows(plain, "< 250-mail\n< 250 AUTH PLAIN\n> AUTH PLAIN ***\n< 235 2.7.0 welcome\n> MAIL "
	             "FROM:<a@b>\n> RCPT TO:<c@d>\n");
	static const char *const login[] = {"C AUTH LOGIN\r\n", "S 334 VXNlcm5hbWU6\r\n", "C YW5u\r\n",
	    "S 334 UGFzc3dvcmQ6\r\n", "C c2VjcmV0\r\n", "S 535-5.7.8 no\r\n535 5.7.8 never\r\n", "C QUIT\r\n",
	    NULL};
	shows(login, "> AUTH LOGIN\n< 334 VXNlcm5hbWU6\n> ***\n< 334 UGFzc3dvcmQ6\n> ***\n< 535-5.7.8 no\n< "
	             "535 5.7.8 never\n> QUIT\n");
	static const char *const pop3[] = {"S +OK hello\r\n", "C USER ann\r\n", "S +OK\r\n",
	    "C PASS secret word\r\n", "S +OK\r\n", "C STAT\r\n", NULL};
	shows(pop3, "< +OK hello\n> USER ann\n< +OK\n> PASS ***\n< +OK\n> STAT\n");
	/* Nothing that a server says drives a terminal. */
	static const char *const hostile[] = {"S 220 \x1b[2J hello\r\n", NULL};
	shows(hostile, "< 220 ?[2J hello\n");
}

/* ---- the outcome ---- */

static struct send_recipient recipient(
    const char *address, unsigned code, const char *status, const char *text)
{
	struct send_recipient r = {.address = view_from_string(address),
	    .done = true,
	    .replied = true,
	    .reply = {.code = code, .stage = SMTP_CLIENT_AT_END}};
	strcpy(r.reply.status, status);
	strcpy(r.reply.text, text);
	return r;
}

static void finds_queue_ids(void **state)
{
	(void)state;
	static const struct {
		unsigned code;
		const char *text, *id;
	} rows[] = {
	    {250, "kept as 3k9x2m", "3k9x2m"},
	    {250, "Ok: queued as 4Ybc9d1XYZ", "4Ybc9d1XYZ"},
	    {250, "OK id=1rABCd-0003Xx-2B", "1rABCd-0003Xx-2B"},
	    {250, "3AB1C2d4 Message accepted for delivery", "3AB1C2d4"},
	    {250, "Queued as X.", "X"},
	    {250, "taken", ""},
	    {451, "queued as X", ""},
	    {250, "", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct send_recipient r = recipient("a@b", rows[i].code, "", rows[i].text);
		assert_view(send_queue_id(&r.reply), rows[i].id);
	}
}

static int exit_of(struct send_recipient a, struct send_recipient b, int status)
{
	struct send_recipient both[] = {a, b};
	return send_exit(&(struct send){.recipients = both, .count = 2, .status = status});
}

static void decides_exits(void **state)
{
	(void)state;
	struct send_recipient good = recipient("a@b", 250, "2.0.0", "x"),
	                      later = recipient("a@b", 452, "4.2.2", "x");
	struct send_recipient never = recipient("a@b", 550, "5.1.1", "x"), lost = recipient("a@b", 0, "", ""),
	                      unfit = never, untried = {0};
	unfit.reply.local = true;
	assert_int_equal(exit_of(good, good, 0), 0);
	assert_int_equal(exit_of(good, good, EXIT_TEMPORARY), 0); /* the farewell was lost */
	assert_int_equal(exit_of(good, later, 0), EXIT_TEMPORARY);
	assert_int_equal(exit_of(good, lost, 0), EXIT_TEMPORARY);
	assert_int_equal(exit_of(good, untried, EXIT_TEMPORARY), EXIT_TEMPORARY);
	assert_int_equal(exit_of(later, never, 0), EXIT_UNAVAILABLE);
	assert_int_equal(exit_of(unfit, later, 0), EXIT_DATA);
	assert_int_equal(exit_of(untried, untried, EXIT_REFUSED), EXIT_REFUSED);
}

static void reports(void **state)
{
	(void)state;
	struct send_recipient all[] = {recipient("a@b", 250, "2.0.0", "kept as X1"),
	    recipient("c@d", 550, "5.1.1", "no \"such\"\nuser"), recipient("e@f", 0, "", ""),
	    {.address = VIEW("g@h")}};
	struct send s = {.recipients = all,
	    .count = 4,
	    .message = VIEW("12345"),
	    .message_id = VIEW("i@d"),
	    .address = "192.0.2.1:25"};
	struct buf out;
	buf_init(&out, 10000);
	send_report(&s, &out);
	assert_string_equal(buf_string(&out),
	    "a@b: accepted: 250 2.0.0 kept as X1\nc@d: refused: 550 5.1.1 no \"such\" "
	    "user\ne@f: not known: the connection was lost before the answer, so the "
	    "server may have accepted the message\ng@h: not sent\n");
	buf_clear(&out);
	send_report_json(&s, &out);
	assert_string_equal(buf_string(&out),
	    "{\"exit\":69,\"accepted\":1,\"recipients\":["
	    "{\"address\":\"a@b\",\"result\":\"accepted\",\"code\":250,\"status\":\"2.0.0\",\"text\":\"kept "
	    "as X1\",\"stage\":\"end of data\",\"local\":false},"
	    "{\"address\":\"c@d\",\"result\":\"refused\",\"code\":550,\"status\":\"5.1.1\",\"text\":\"no "
	    "\\\"such\\\"\\nuser\",\"stage\":\"end of data\","
	    "\"local\":false},"
	    "{\"address\":\"e@f\",\"result\":\"unknown\",\"code\":0,\"status\":\"\",\"text\":\"\",\"stage\":"
	    "\"end of data\",\"local\":false},"
	    "{\"address\":\"g@h\",\"result\":\"not-tried\"}],"
	    "\"queueId\":\"X1\",\"messageId\":\"i@d\",\"size\":5,\"server\":\"192.0.2.1:25\",\"tls\":\"\","
	    "\"verified\":\"no TLS\",\"problem\":\"\"}\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_servers),
	    cmocka_unit_test(hides_passwords),
	    cmocka_unit_test(finds_queue_ids),
	    cmocka_unit_test(decides_exits),
	    cmocka_unit_test(reports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
