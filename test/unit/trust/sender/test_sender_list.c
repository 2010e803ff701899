/* By which mailing list a message came, and who must have signed for that. */
#include "sender_world.h"

#include "trust/sender/sender_list.h"

static struct sender_verdicts verdicts;
static char seen[100];

/* The number of the list; its id in `seen`. */
static uint64_t find(const char *fields)
{
	struct buf message;
	buf_init(&message, 4096);
	buf_printf(&message, "%sFrom: a@a.example\r\n\r\nText\r\n", fields);
	check_message(buf_view(&message));
	verdicts.dkim = &dkim;
	struct sender_list list = sender_find_list(&verdicts);
	snprintf(seen, sizeof seen, "%.*s", VIEW_FMT(list.id));
	buf_done(&message);
	return list.number;
}

/* The message with a good signature of that domain, over List-Id or not. */
static uint64_t find_signed(const char *field, const char *domain, bool over_list)
{
	struct dkim_signer signer = {.algorithm = DKIM_ED25519_SHA256,
	    .domain = domain,
	    .selector = "s",
	    .signed_at = NOW,
	    .expires = DKIM_NO_TIME};
	struct buf message, out;
	buf_init(&message, 4096);
	buf_init(&out, 8192);
	buf_printf(&message, "%sFrom: a@a.example\r\nSubject: x\r\n\r\nText\r\n", over_list ? field : "");
	publish(ed25519, "s", domain);
	assert_int_equal(sign_message(buf_view(&message), ed25519, &signer, &out), 0);
	buf_clear(&message);
	buf_printf(&message, "%s%s", over_list ? "" : field, buf_string(&out));
	check_message(buf_view(&message));
	verdicts.dkim = &dkim;
	struct sender_list list = sender_find_list(&verdicts);
	snprintf(seen, sizeof seen, "%.*s", VIEW_FMT(list.id));
	buf_done(&message);
	buf_done(&out);
	zone_clear();
	return list.number;
}

static void knows_a_list_by_who_signed(void **state)
{
	(void)state;
	uint64_t number = find_signed("List-Id: The list <list.l.example>\r\n", "l.example", true);
	assert_true(number != 0);
	assert_string_equal(seen, "list.l.example");
	assert_true(find_signed("List-ID: <List.L.Example>\r\n", "l.example", true) == number);
	assert_true(find_signed("List-Id: \"a <b>\" <other.l.example>\r\n", "l.example", true) != number);
	assert_string_equal(seen, "other.l.example");
	/* Another domain that may speak for it is another list. */
	uint64_t other = find_signed("List-Id: <a.list.l.example>\r\n", "l.example", true);
	assert_true(
	    other != 0 && other != find_signed("List-Id: <a.list.l.example>\r\n", "list.l.example", true));
}

static void takes_nobodys_word_for_it(void **state)
{
	(void)state;
	assert_true(find("List-Id: <list.l.example>\r\n") == 0);
	assert_true(find_signed("List-Id: <list.l.example>\r\n", "m.example", true) == 0);
	assert_true(find_signed("List-Id: <list.l.example>\r\n", "l.example", false) == 0);
	assert_true(find_signed("List-Id: <listl.example>\r\n", "l.example", true) == 0);
	assert_true(find_signed("List-Id: <l.example>\r\n", "l.example", true) == 0);
	assert_true(find_signed("List-Id: <>\r\n", "l.example", true) == 0);
	assert_true(find_signed("List-Id: list.l.example\r\n", "l.example", true) == 0);
	assert_true(find_signed("List-Id: <a b.l.example>\r\n", "l.example", true) == 0);
	assert_true(
	    find_signed("List-Id: <a.l.example>\r\nList-Id: <b.l.example>\r\n", "l.example", true) == 0);
	assert_true(find_signed("Subject: none\r\n", "l.example", false) == 0);
}

static int set_up(void **state)
{
	(void)state;
	world_open();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	world_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_a_list_by_who_signed),
	    cmocka_unit_test(takes_nobodys_word_for_it),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
