#include "../unit.h"

#include "cli/completion.h"

static const struct cli_command commands[] = {
    {"serve", NULL, "", "postrider serve [--config FILE]"},
    {"queue", NULL, "",
        "postrider queue list [WHICH] [--limit N] [--json]\n       postrider queue hold ID...|WHICH --why "
        "TEXT "
        "[--for TIME]\n       WHICH: --sender ADDRESS, --domain NAME; or --all.\n       TIME: 90s, 15m"},
    {"account", NULL, "",
        "postrider account add ADDRESS [--quota SIZE] [--password-stdin | --generate]\n"
        "           [--scram]\n"
        "       postrider account disable|enable ADDRESS\n"
        "       postrider account admin ADDRESS on|off\n"
        "       postrider account export ADDRESS FOLDER [--format maildir|mbox]"},
    {"domain", NULL, "",
        "postrider domain add NAME [--catch-all ADDRESS] [--notify never|success,failure]\n"
        "       postrider domain set NAME [the same options, --disable, --enable]\n"
        "       postrider domain remove NAME"},
    {"alias", NULL, "", "postrider alias add ADDRESS TARGET...\n       postrider alias check FILE..."},
};

/* The words that are offered for the last of these, joined; the kinds behind them. */
static void offers(const char *const *words, size_t count, const char *expected, unsigned kinds)
{
	struct buf out;
	buf_init(&out, 4096);
	unsigned found = completion_find(commands, sizeof commands / sizeof commands[0], words, count, &out);
	assert_string_equal(buf_string(&out), expected);
	assert_int_equal(found, kinds);
	buf_done(&out);
}

#define OFFERS(expected, kinds, ...)                                                                         \
	do {                                                                                                 \
		const char *const words[] = {__VA_ARGS__};                                                   \
		offers(words, sizeof words / sizeof words[0], expected, kinds);                              \
	} while (0)

static void names_commands(void **state)
{
	(void)state;
	OFFERS("serve\nqueue\naccount\ndomain\nalias\n", 0, "");
	OFFERS("account\nalias\n", 0, "a");
	OFFERS("--config\n", 0, "--c");
	OFFERS("", 0, "nothing");
	OFFERS("", COMPLETION_FILES, "--config", "/etc/");
	OFFERS("queue\n", 0, "--config", "/etc/x.conf", "q");
}

static void offers_no_command(void **state)
{
	static const char *const plain[] = {"ann@example.org", "ann+news@example.org",
	    "a.b_c-d=e@example.org", "100%/x@example.org", "j\xc3\xb6rg@example.org",
	    "xn--bcher-kva.example"};
	static const char *const other[] = {"", "`id`@example.org", "$HOME@example.org", "$(id)@example.org",
	    "a*@example.org", "a?b@example.org", "{a,b}@example.org", "a|b@example.org", "a&b@example.org",
	    "~root@example.org", "#a@example.org", "a!b@example.org", "o'neill@example.org",
	    "\"a b\"@example.org", "a\\b@example.org", "--config=x@example.org", "=ls@example.org", "a b",
	    "a;b", "a>b", "a\nb"};
	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		assert_true(completion_is_plain(view_from_string(plain[i])));
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
		assert_false(completion_is_plain(view_from_string(other[i])));
	assert_false(completion_is_plain(view_of("a\0b", 3)));
}

static void names_verbs(void **state)
{
	(void)state;
	OFFERS("list\nhold\n", 0, "queue", "");
	OFFERS("add\nadmin\n", 0, "account", "ad");
	OFFERS("enable\n", 0, "account", "en");
	OFFERS("", 0, "nothing", "");
}

static void names_options(void **state)
{
	(void)state;
	OFFERS("--limit\n--json\n--sender\n--domain\n--all\n--help\n", 0, "queue", "list", "-");
	OFFERS("--quota\n--password-stdin\n--generate\n--scram\n--help\n", 0, "account", "add", "a@b", "--");
	OFFERS("--scram\n", 0, "account", "add", "--s");
	OFFERS("--help\n", 0, "account", "disable", "--");
	OFFERS("--disable\n--enable\n--catch-all\n--notify\n--help\n", 0, "domain", "set", "a", "-");
	OFFERS("--help\n", 0, "domain", "remove", "a", "-");
}

static void knows_places(void **state)
{
	(void)state;
	OFFERS("", COMPLETION_ADDRESSES, "account", "add", "");
	OFFERS("", COMPLETION_ADDRESSES, "account", "enable", "al");
	OFFERS("on\noff\n", 0, "account", "admin", "a@b", "");
	OFFERS("", 0, "account", "admin", "a@b", "on", "");
	OFFERS("", COMPLETION_FILES, "account", "export", "a@b", "");
	OFFERS("maildir\nmbox\n", 0, "account", "export", "a@b", "x", "--format", "");
	OFFERS("", 0, "account", "add", "--quota", "");
	OFFERS("", COMPLETION_ADDRESSES, "account", "add", "--quota", "5G", "");
	OFFERS("", COMPLETION_ADDRESSES, "account", "add", "--quota=5G", "");
	OFFERS("", COMPLETION_DOMAINS, "domain", "remove", "");
	OFFERS("never\nsuccess,failure\n", 0, "domain", "add", "a", "--notify", "");
	OFFERS("", 0, "domain", "set", "a", "");
	OFFERS("", COMPLETION_FILES, "alias", "check", "a", "b", "");
	OFFERS("", COMPLETION_FILES, "serve", "--config", "");
}

/* An answer that does not fit is cut between words. */
static void keeps_to_the_limit(void **state)
{
	(void)state;
	struct buf out;
	const char *const words[] = {""};
	buf_init(&out, 9);
	(void)completion_find(commands, sizeof commands / sizeof commands[0], words, 1, &out);
	assert_true(buf_view(&out).len <= 9);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_commands),
	    cmocka_unit_test(offers_no_command),
	    cmocka_unit_test(names_verbs),
	    cmocka_unit_test(names_options),
	    cmocka_unit_test(knows_places),
	    cmocka_unit_test(keeps_to_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
