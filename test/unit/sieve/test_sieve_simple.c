/* Rules as scripts, and scripts as rules: what was read is written as it stood, what was made is read alike.
 */
#include "simple_script.h"

/* ---- writing ---- */

static void the_form(void **state)
{
	struct sieve_simple simple = read_script("");
	const char *script;

	(void)state;
	sieve_simple_add(&simple,
	    rule_of("{\"name\": \"Invoices\", \"match\": \"any\", \"conditions\": ["
	            "{\"test\": \"header\", \"fields\": [\"Subject\"], \"how\": \"contains\", \"values\": "
	            "[\"invoice\", \"bill\"]},"
	            "{\"test\": \"address\", \"fields\": [\"From\"], \"how\": \"begins\", \"not\": true, "
	            "\"values\": [\"a*b\\\\\"]}],"
	            "\"actions\": [{\"do\": \"file\", \"mailbox\": \"Work\", \"create\": true}, {\"do\": "
	            "\"stop\"}]}"),
	    1);
	sieve_simple_add(&simple,
	    rule_of("{\"name\": \"Off [now]\", \"enabled\": false, \"actions\": [{\"do\": \"reject\", "
	            "\"text\": \"No.\\n\\nNever.\"}]}"),
	    2);
	script = written(&simple);
	assert_string_equal(script,
	    "# What the rules in this script need; written anew whenever one is changed:\n"
	    "require [\"fileinto\", \"mailbox\", \"reject\"];\n"
	    "\n"
	    "# rule:[Invoices]\n"
	    "if anyof (\n"
	    "\theader :contains \"Subject\" [\"invoice\", \"bill\"],\n"
	    "\tnot address :matches \"From\" \"a\\\\*b\\\\\\\\*\"\n"
	    ") {\n"
	    "\tfileinto :create \"Work\";\n"
	    "\tstop;\n"
	    "}\n"
	    "\n"
	    "# rule:[Off [now]]\n"
	    "if false # true\n"
	    "{\n"
	    "\treject \"No.\n"
	    "\n"
	    "Never.\";\n"
	    "}\n");
	assert_compiles(script);
	simple = read_script(script);
	assert_int_equal(sieve_simple_count(&simple), 2);
	assert_told(&simple, 1,
	    "Invoices: if any of these: subject contains \"invoice\" or \"bill\"; address of from does not "
	    "begin with \"a*b\\\\\", then file into \"Work\", stop");
	assert_told(&simple, 2, "Off [now] (off): all mail: reject with \"No.\\u000d\\n\\u000d\\nNever.\"");
}

/* A name, mailbox or value is never more than that. */
static void no_text_brings_commands(void **state)
{
	struct sieve_simple simple = read_script("");
	struct sieve_simple_rule *rule =
	    rule_of("{\"name\": \"x\", \"conditions\": [{\"test\": \"header\", \"fields\": [\"Subject\"], "
	            "\"how\": \"is\", \"values\": [\"\\\"; discard; #\"]}], "
	            "\"actions\": [{\"do\": \"file\", \"mailbox\": \"a\\\" ; discard; \\\"\"}]}");
	struct sieve_simple_item *item;

	(void)state;
	rule->name = VIEW("x\"\r\ndiscard;\n# */ \xe2\x80\xa8 y");
	sieve_simple_add(&simple, rule, 1);
	simple = read_script(written(&simple));
	assert_compiles(buf_string(&out));
	assert_int_equal(sieve_simple_count(&simple), 1);
	item = sieve_simple_at(&simple, 1);
	assert_true(view_equal(item->rule->name, VIEW("x\"  discard; # */ \xe2\x80\xa8 y")));
	assert_int_equal(item->rule->action_count, 1);
	assert_true(view_equal(item->rule->actions[0].text, VIEW("a\" ; discard; \"")));
	assert_true(view_equal(item->rule->conditions[0].values[0], VIEW("\"; discard; #")));
	assert_false(sieve_simple_settle(rule, &arena, &words));
	assert_string_equal(buf_string(&words),
	    "the rule's name \"x\\\"\\u000d\\ndiscard;\\n# */ \\u2028 y\" is not one line of UTF-8");
}

/* ---- foreign scripts ---- */

static const char foreign[] =
    "\xef\xbb\xbf"
    "/* made by hand */\r\n"
    "require [\"fileinto\",\"variables\"];\n"
    "# rule:[Lists]\n"
    "if anyof (header :contains \"list-id\" \"example\")\n"
    "{\n"
    "\tfileinto \"Lists\"; # here\n"
    "}\n"
    "# rule:[Old]\n"
    "if false # header :is \"subject\" \"old\"\n"
    "{\n"
    "\tdiscard;\n"
    "}\n"
    "# what follows is ours\n"
    "\n"
    "set \"x\" \"y\"; if header :is \"a\" \"b\" { keep; } else { discard; }\n"
    "## Boss\n"
    "if address :all :is \"from\" \"boss@example.com\" { redirect \"me@example.net\"; stop; }\n"
    "keep;\n"
    "stop; # the end";

static void foreign_scripts_are_read(void **state)
{
	struct sieve_simple simple = read_script(foreign);
	const struct sieve_simple_item *item;

	(void)state;
	assert_int_equal(sieve_simple_count(&simple), 4);
	assert_told(
	    &simple, 1, "Lists: if header list-id contains \"example\", then file into existing \"Lists\"");
	assert_told(&simple, 2, "Old (off): if header \"subject\" is \"old\", then discard");
	assert_null(sieve_simple_at(&simple, 3)->rule);
	assert_int_equal(sieve_simple_named(&simple, VIEW("Boss")), 4);
	assert_told(&simple, 4,
	    "Boss: if address of header \"from\" is \"boss@example.com\", then redirect to "
	    "\"me@example.net\", stop");
	assert_null(sieve_simple_at(&simple, 5));
	item = simple.first;
	assert_false(item->commands);
	assert_int_equal(item->line, 1);
	assert_int_equal(item->lines, 2);
	item = item->next->next->next;
	assert_null(item->rule);
	assert_true(item->commands);
	assert_int_equal(item->line, 13);
	assert_int_equal(item->lines, 3);
	assert_string_equal(written(&simple), foreign);
}

/* Editing one rule leaves all else as it stood. */
static void foreign_scripts_are_edited(void **state)
{
	struct sieve_simple simple = read_script(foreign);
	const char *script;

	(void)state;
	sieve_simple_at(&simple, 1)->rule->enabled = false;
	sieve_simple_changed(&simple, sieve_simple_at(&simple, 1));
	sieve_simple_move(&simple, 4, 2);
	script = written(&simple);
	assert_string_equal(script,
	    "\xef\xbb\xbf"
	    "/* made by hand */\r\n"
	    "require [\"fileinto\",\"variables\"];\n"
	    "\n"
	    "# rule:[Lists]\n"
	    "if false # header :contains \"list-id\" \"example\"\n"
	    "{\n"
	    "\tfileinto \"Lists\";\n"
	    "}\n"
	    "## Boss\n"
	    "if address :all :is \"from\" \"boss@example.com\" { redirect \"me@example.net\"; stop; }\n"
	    "# rule:[Old]\n"
	    "if false # header :is \"subject\" \"old\"\n"
	    "{\n"
	    "\tdiscard;\n"
	    "}\n"
	    "# what follows is ours\n"
	    "\n"
	    "set \"x\" \"y\"; if header :is \"a\" \"b\" { keep; } else { discard; }\n"
	    "keep;\n"
	    "stop; # the end");
	assert_compiles(script);
}

/* The require is ours as long as nobody else needs it. */
static void what_rules_need(void **state)
{
	static const char script[] = "require \"fileinto\";\nif true { fileinto \"x\"; }\n";
	struct sieve_simple simple = read_script(script);

	(void)state;
	sieve_simple_add(
	    &simple, rule_of("{\"name\": \"a\", \"actions\": [{\"do\": \"copy\", \"mailbox\": \"B\"}]}"), 2);
	simple = read_script(written(&simple));
	assert_true(view_starts(buf_view(&out),
	    VIEW("# What the rules in this script need; written anew whenever one is changed:\n"
	         "require [\"copy\"];\nrequire \"fileinto\";\nif true")));
	sieve_simple_remove(&simple, 2);
	assert_string_equal(written(&simple), script);

	/* Somebody else's commands may need what our line has; and what no rule can need was put there by
	 * hand. */
	simple =
	    read_script("# What the rules in this script need; written anew whenever one is changed:\n"
	                "require [\"copy\", \"index\"];\nif header :index 1 \"a\" \"b\" { redirect :copy "
	                "\"a@example.com\"; }\n"
	                "# rule:[a]\nif true {\n\tredirect :copy \"b@example.com\";\n}\n");
	assert_int_equal(sieve_simple_named(&simple, VIEW("a")), 2);
	sieve_simple_remove(&simple, 2);
	assert_true(view_starts(view_from_string(strchr(written(&simple), '\n')),
	    VIEW("\nrequire [\"copy\", \"index\"];\nif header")));
}

/* "${" means something in a script that requires variables. */
static void references_are_refused(void **state)
{
	struct sieve_simple simple = read_script("require \"variables\";\n");
	struct sieve_simple_rule *rule = rule_of("{\"name\": \"a\", \"actions\": [{\"do\": \"file\", "
	                                         "\"mailbox\": \"x ${1}\", \"create\": true}]}");

	(void)state;
	sieve_simple_add(&simple, rule, 1);
	assert_int_equal(sieve_simple_write(&simple, &out, &words), -EINVAL);
	assert_string_equal(buf_string(&words),
	    "the rule \"a\" has a text with \"${\", which this script would take for a reference, since it "
	    "requires variables or encoded-character");
	rule->actions[0].text = VIEW("x ${ 1}");
	written(&simple);
}

static void what_is_no_script(void **state)
{
	struct sieve_simple simple;

	(void)state;
	assert_int_equal(sieve_simple_read(VIEW("if {"), &arena, &errors, &simple), -EINVAL);
	assert_true(errors.count > 0);
}

/* A comment that ends the script without a line's end must not swallow what is moved behind it. */
static void comments_swallow_nothing(void **state)
{
	struct sieve_simple simple = read_script("if true { keep; }\n# rule:[b]\nif true { discard; } # end");

	(void)state;
	sieve_simple_add(&simple, rule_of("{\"name\": \"c\", \"actions\": [{\"do\": \"stop\"}]}"), 3);
	simple = read_script(written(&simple));
	assert_int_equal(sieve_simple_count(&simple), 3);
	simple = read_script("# a\nif true { keep; }");
	sieve_simple_add(&simple, rule_of("{\"name\": \"c\", \"actions\": [{\"do\": \"stop\"}]}"), 2);
	assert_string_equal(
	    written(&simple), "# a\nif true { keep; }\n\n# rule:[c]\nif true {\n\tstop;\n}\n");
}

/* ---- in words ---- */

static void words_are_heard(void **state)
{
	static const char *const conditions[][2] = {
	    {"subject contains invoice", "subject contains \"invoice\""},
	    {"Subject does not contain 2 or 3", "subject does not contain \"2\" or \"3\""},
	    {"from is joe@example.com", "from is \"joe@example.com\""},
	    {"from contains \"joe\\\"\", \"jim\"", "from contains \"joe\\\"\" or \"jim\""},
	    {"header X-Spam-Flag is YES", "header X-Spam-Flag is \"YES\""},
	    {"header Sender, \"a,b\" begins x", "header \"Sender\", \"a,b\" begins with \"x\""},
	    {"header Subject matches abc*", "subject matches \"abc*\""},
	    {"header From is x", "header \"From\" is \"x\""},
	    {"domain of recipient is not example.com", "domain of recipient is not \"example.com\""},
	    {"list exists", "list exists"},
	    {"list is missing", "list does not exist"},
	    {"header X-A, X-B does not exist", "header X-A, X-B does not exist"},
	    {"envelope to is a@b", "envelope \"to\" is \"a@b\""},
	    {"body fits \"a+\"", "body fits \"a+\""},
	    {"size is over 5m", "size over 5242880"},
	    {"size not under 10K", "size not under 10240"},
	    {"spam at least 5", "spam at least 5"},
	    {"today since 2026-12-24", "today since \"2026-12-24\""},
	    {"date is before 2020-01-01", "date before \"2020-01-01\""},
	    {"weekday of now is 0 or 6", "\"weekday\" of now is \"0\" or \"6\""},
	    {"date of \"Received\" until x", "\"date\" of \"Received\" until \"x\""},
	};
	static const char *const actions[][2] = {
	    {"file into Work", "file into \"Work\""},
	    {"file into existing \"Work\"", "file into existing \"Work\""},
	    {"copy to Old mail", "copy to \"Old mail\""},
	    {"mark read", "mark as read"},
	    {"mark as important", "flag"},
	    {"set flags a, \\Seen", "set flags \"a\", \"\\\\Seen\""},
	    {"forward to joe@example.com", "forward to \"joe@example.com\""},
	    {"redirect to joe@example.com", "redirect to \"joe@example.com\""},
	    {"reject with Go away", "reject with \"Go away\""},
	    {"answer with \"I am away\" under the subject \"Away\" every 3 days",
	        "answer with \"I am away\" under the subject \"Away\" every 3 days"},
	    {"discard", "discard"},
	};
	struct sieve_simple_condition condition;
	struct sieve_simple_action action;

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (!sieve_simple_hear_condition(
		        view_from_string(conditions[i][0]), &arena, &condition, &words))
			fail_msg("%s: %s", conditions[i][0], buf_string(&words));
		buf_clear(&out);
		sieve_simple_tell_condition(&condition, &out);
		assert_string_equal(buf_string(&out), conditions[i][1]);
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!sieve_simple_hear_action(view_from_string(actions[i][0]), &arena, &action, &words))
			fail_msg("%s: %s", actions[i][0], buf_string(&words));
		buf_clear(&out);
		sieve_simple_tell_action(&action, &out);
		assert_string_equal(buf_string(&out), actions[i][1]);
	}
}

static void words_are_refused(void **state)
{
	static const char *const conditions[][2] = {
	    {"", "subject, from, to, cc, recipient, list or header NAME was expected at the end"},
	    {"subjet is x", "subject, from, to, cc, recipient, list or header NAME was expected where "
	                    "\"subjet is x\" stands"},
	    {"subject is", "a text to compare with was expected at the end"},
	    {"subject is \"a", "a text that ends with a quote was expected where \"\\\"a\" stands"},
	    {"subject is \"a\" b", "nothing more was expected where \"b\" stands"},
	    {"size over big", "a size, as 100K or 5M, was expected where \"big\" stands"},
	    {"body exists", "a field of the header, which exists or not, was expected at the end"},
	    {"list does contain x", "not was expected where \"contain x\" stands"},
	};
	static const char *const actions[][2] = {
	    {"reject \"Not here\"",
	        "with (as in: reject with \"Not here\") was expected where \"\\\"Not here\\\"\" stands"},
	    {"file Work", "into (as in: file into Work) was expected where \"Work\" stands"},
	    {"forward me@example.org",
	        "to (as in: forward to me@example.org) was expected where \"me@example.org\" stands"},
	};
	struct sieve_simple_condition condition;
	struct sieve_simple_action action;

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		buf_clear(&words);
		assert_false(sieve_simple_hear_condition(
		    view_from_string(conditions[i][0]), &arena, &condition, &words));
		assert_string_equal(buf_string(&words), conditions[i][1]);
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		buf_clear(&words);
		assert_false(
		    sieve_simple_hear_action(view_from_string(actions[i][0]), &arena, &action, &words));
		assert_string_equal(buf_string(&words), actions[i][1]);
	}
}

static void bad_rules(void **state)
{
	static const char *const rules[][2] = {
	    {"[]", "a rule is an object"},
	    {"{}", "the rule does nothing: it has no action"},
	    {"{\"actions\": [{\"do\": \"dance\"}]}", "there is no action that is named \"dance\""},
	    {"{\"actions\": [{\"do\": \"file\", \"mailbox\": \"a\\nb\"}]}",
	        "the mailbox \"a\\nb\" is no mailbox's name: it holds a control character"},
	    {"{\"actions\": [{\"do\": \"forward\", \"address\": \"joe\"}]}",
	        "the address \"joe\" is no address that mail can be sent to; one is written as "
	        "\"joe@example.com\""},
	    {"{\"actions\": [{\"do\": \"flags\", \"flags\": [\"a b\"]}]}",
	        "the flag \"a b\" has no name that a flag can have: \\Seen, \\Flagged, or a word of "
	        "printable "
	        "ASCII without blanks, brackets, quotes, '%' and '*'"},
	    {"{\"conditions\": [{\"test\": \"header\", \"how\": \"is\", \"fields\": [\"a:\"], \"values\": "
	     "[\"x\"]}], \"actions\": [{\"do\": \"keep\"}]}",
	        "the field \"a:\" has no name that a header field can have: printable ASCII without blanks "
	        "and "
	        "colons"},
	    {"{\"conditions\": [{\"test\": \"header\", \"how\": \"is\", \"fields\": [\"a\"]}], \"actions\": "
	     "[{\"do\": \"keep\"}]}",
	        "a condition has no value to compare with"},
	    {"{\"conditions\": [{\"test\": \"spam\", \"how\": \"atLeast\", \"number\": 11}], \"actions\": "
	     "[{\"do\": \"keep\"}]}",
	        "a verdict is a number up to 10 for spam, up to 5 for viruses"},
	};
	struct sieve_simple_rule rule;
	struct json_value value;

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		buf_clear(&words);
		assert_int_equal(json_parse(view_from_string(rules[i][0]), &arena, &value), 0);
		assert_false(sieve_simple_from_json(&value, &arena, &rule, &words));
		assert_string_equal(buf_string(&words), rules[i][1]);
	}
}

/* ---- rules by chance ---- */

static unsigned seed;

static unsigned chance(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static struct view some_text(void)
{
	static const char *const texts[] = {"a", "*", "?", "a*", "*b", "\\", "\"", "a\\*b", "]", "# rule:[x]",
	    "${x}", "{", "}", ";", "/* ", " */", "\xc3\xa4\xe2\x82\xac", "or", " not ", ".", "..", "\t", ""};
	struct buf text;
	struct view kept;

	buf_init(&text, 1000);
	for (unsigned n = chance(4) + 1; n > 0; n--)
		buf_append_string(&text, texts[chance(sizeof(texts) / sizeof(texts[0]))]);
	assert_true(arena_copy(&arena, buf_view(&text), &kept));
	buf_done(&text);
	return kept;
}

static const struct view *some_texts(size_t *count)
{
	struct view *texts = arena_array(&arena, 3, sizeof(*texts));

	assert_non_null(texts);
	*count = 1 + chance(3);
	for (size_t i = 0; i < *count; i++)
		texts[i] = some_text();
	return texts;
}

static struct sieve_simple_condition some_condition(void)
{
	static const struct view fields[] = {{"From", 4}, {"To", 2}, {"Cc", 2}, {"Sender", 6}},
	                         parts[] = {{"from", 4}, {"to", 2}},
	                         dates[] = {{"date", 4}, {"hour", 4}, {"weekday", 7}};
	struct sieve_simple_condition c = {.test = chance(SIEVE_SIMPLE_TESTS), .negated = chance(2)};

	c.names = c.test == SIEVE_SIMPLE_ENVELOPE ? parts + chance(2) : fields + chance(3);
	c.name_count = c.test == SIEVE_SIMPLE_DATE       ? chance(2)
	               : c.test == SIEVE_SIMPLE_ENVELOPE ? 1
	                                                 : 1 + chance(2);
	c.how = chance(SIEVE_SIMPLE_REGEX + 1);
	if (c.test == SIEVE_SIMPLE_BODY || c.test == SIEVE_SIMPLE_SIZE || c.test >= SIEVE_SIMPLE_SPAM)
		c.name_count = 0; /* nor has an attachment one */
	if (c.test == SIEVE_SIMPLE_SIZE)
		c.how = chance(2) ? SIEVE_SIMPLE_OVER : SIEVE_SIMPLE_UNDER;
	if (c.test == SIEVE_SIMPLE_DATE) {
		c.how = chance(2) ? SIEVE_SIMPLE_IS : SIEVE_SIMPLE_BEFORE + chance(4);
		c.part = dates[chance(3)];
	}
	if (c.test >= SIEVE_SIMPLE_SPAM)
		c.how = SIEVE_SIMPLE_AT_LEAST;
	if (c.test == SIEVE_SIMPLE_EXISTS || c.test == SIEVE_SIMPLE_ATTACHMENT)
		c.how = SIEVE_SIMPLE_THERE;
	if (c.test == SIEVE_SIMPLE_ATTACHMENT)
		return c;
	if (c.test == SIEVE_SIMPLE_SIZE || c.test >= SIEVE_SIMPLE_SPAM)
		c.number =
		    c.test == SIEVE_SIMPLE_SIZE ? (uint64_t)chance(5000) << (chance(4) * 10) : chance(6);
	else if (c.test != SIEVE_SIMPLE_EXISTS)
		c.values = some_texts(&c.value_count);
	if (c.how >= SIEVE_SIMPLE_BEFORE && c.how <= SIEVE_SIMPLE_UNTIL)
		c.value_count = 1;
	for (size_t i = 0; i < c.value_count; i++)
		if (view_empty(c.values[i]))
			c.how = SIEVE_SIMPLE_IS; /* nothing begins with nothing */
	return c;
}

static struct sieve_simple_action some_action(void)
{
	static const struct view flags[] = {{"\\Seen", 5}, {"\\Flagged", 8}, {"work", 4}};
	struct sieve_simple_action a = {.what = chance(SIEVE_SIMPLE_DOS)};

	switch (a.what) {
	case SIEVE_SIMPLE_FILE:
	case SIEVE_SIMPLE_COPY:
		a.text = VIEW("A \"mail\\box\"");
		a.create = chance(2);
		break;
	case SIEVE_SIMPLE_FORWARD:
		a.text = VIEW("\"joe \\\"x\"@example.com");
		a.copy = chance(2);
		break;
	case SIEVE_SIMPLE_FLAGS:
		a.flags = flags + chance(2);
		a.flag_count = 1 + chance(2);
		break;
	case SIEVE_SIMPLE_ANSWER:
		a.subject = chance(2) ? some_text() : (struct view){0};
		a.days = chance(3);
		/* fall through */
	case SIEVE_SIMPLE_REJECT:
		a.text = chance(2) ? VIEW("one\ntwo\n\n.\r\n#| three\n") : VIEW("x");
		break;
	default:
		break;
	}
	return a;
}

static struct sieve_simple_rule *some_rule(void)
{
	struct sieve_simple_rule *rule = arena_alloc(&arena, sizeof(*rule));

	assert_non_null(rule);
	*rule = (struct sieve_simple_rule){.name = some_text(), .enabled = chance(4) > 0, .any = chance(2)};
	for (size_t i = 0; i < rule->name.len; i++)
		if (rule->name.data[i] == '\t')
			rule->name = VIEW("no tab");
	rule->condition_count = chance(4);
	rule->conditions = arena_array(&arena, 4, sizeof(*rule->conditions));
	rule->action_count = 1 + chance(4);
	rule->actions = arena_array(&arena, 5, sizeof(*rule->actions));
	assert_true(rule->conditions && rule->actions);
	for (size_t i = 0; i < rule->condition_count; i++)
		rule->conditions[i] = some_condition();
	for (size_t i = 0; i < rule->action_count; i++)
		rule->actions[i] = some_action();
	if (!sieve_simple_settle(rule, &arena, &words))
		fail_msg("%s", buf_string(&words));
	return rule;
}

static void assert_same_rule(const struct sieve_simple_rule *a, const struct sieve_simple_rule *b)
{
	struct buf one, two;

	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	sieve_simple_to_json(a, &one);
	sieve_simple_to_json(b, &two);
	assert_string_equal(buf_string(&one), buf_string(&two));
	buf_done(&one);
	buf_done(&two);
}

/* Each part of a rule in words is heard as it was told. */
static void assert_heard(const struct sieve_simple_rule *rule)
{
	struct sieve_simple_rule heard = *rule;
	struct buf told;
	struct view text;

	buf_init(&told, 1 << 20);
	heard.conditions = arena_array(&arena, rule->condition_count + 1, sizeof(*heard.conditions));
	heard.actions = arena_array(&arena, rule->action_count, sizeof(*heard.actions));
	assert_true(heard.conditions && heard.actions);
	for (size_t i = 0; i < rule->condition_count; i++) {
		buf_clear(&told);
		sieve_simple_tell_condition(&rule->conditions[i], &told);
		assert_true(arena_copy(&arena, buf_view(&told), &text));
		if (!sieve_simple_hear_condition(text, &arena, &heard.conditions[i], &words))
			fail_msg("%s: %s", buf_string(&told), buf_string(&words));
	}
	for (size_t i = 0; i < rule->action_count; i++) {
		buf_clear(&told);
		sieve_simple_tell_action(&rule->actions[i], &told);
		assert_true(arena_copy(&arena, buf_view(&told), &text));
		if (!sieve_simple_hear_action(text, &arena, &heard.actions[i], &words))
			fail_msg("%s: %s", buf_string(&told), buf_string(&words));
	}
	assert_same_rule(rule, &heard);
	buf_done(&told);
}

static void rules_by_chance(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct sieve_simple simple;
		struct sieve_simple_rule *rules[4];
		struct view script;
		size_t count;

		seed = round;
		count = 1 + chance(4);
		simple = read_script("");
		for (size_t i = 0; i < count; i++) {
			rules[i] = some_rule();
			assert_heard(rules[i]);
			sieve_simple_add(&simple, rules[i], i + 1);
		}
		assert_true(arena_copy(&arena, view_from_string(written(&simple)), &script));
		simple = read_script(script.data);
		assert_int_equal(sieve_simple_count(&simple), count);
		for (size_t i = 0; i < count; i++)
			assert_same_rule(sieve_simple_at(&simple, i + 1)->rule, rules[i]);
		/* And all of it is written anew in the same octets. */
		for (size_t i = 0; i < count; i++)
			sieve_simple_changed(&simple, sieve_simple_at(&simple, i + 1));
		assert_string_equal(written(&simple), script.data);
		arena_reset(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_text_brings_commands, setup, teardown),
	    cmocka_unit_test_setup_teardown(foreign_scripts_are_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(foreign_scripts_are_edited, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_rules_need, setup, teardown),
	    cmocka_unit_test_setup_teardown(references_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_script, setup, teardown),
	    cmocka_unit_test_setup_teardown(comments_swallow_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(words_are_heard, setup, teardown),
	    cmocka_unit_test_setup_teardown(words_are_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(bad_rules, setup, teardown),
	    cmocka_unit_test_setup_teardown(rules_by_chance, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
