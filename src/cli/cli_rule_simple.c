/*
 * rule simple, rule add: a script as rules that a person reads, and changes to one of them. The script is
 * fetched, changed here and put down again; what of it no rule can say stays as it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/show.h"
#include "cli/cli_rule.h"
#include "cli/rule_complaints.h"
#include "cli/rule_owner.h"
#include "format/json_read.h"
#include "sieve/sieve_simple.h"

/* The script that is made for whoever has none. */
static const char first_script[] = "rules";

struct edit {
	struct rule_owner owner;
	struct buf name, text;    /* of the script, as it was */
	bool there, active, none; /* it is there, and active; or no script is */
	uint64_t version;         /* of its text */
	struct arena arena;
	struct sieve_errors errors;
	struct sieve_simple simple;
	struct buf words;
};

/* ---- the script ---- */

static void take_active(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct edit *e = arg;
	if (type != SCRIPT_ENTRY || !answer->script.active)
		return;
	e->none = false;
	if (buf_view(&e->name).len == 0)
		buf_append(&e->name, answer->script.name);
}

static void take_text(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct edit *e = arg;
	if (type == SCRIPT_ENTRY) {
		e->there = true;
		e->active = answer->script.active;
		e->version = answer->script.version;
	}
	if (type == SCRIPT_BYTES)
		buf_append(&e->text, answer->script_bytes.bytes);
}

/* The script of that name, else the active one, else a new one. 0 or a negative errno. */
static int fetch(struct edit *e, const char *name)
{
	if (name)
		buf_append_string(&e->name, name);
	int error =
	    mailbox_client_run(&e->owner.client, SCRIPT_LIST, &(struct script_list){0}, take_active, e, NULL);
	if (buf_view(&e->name).len == 0)
		buf_append_string(&e->name, first_script);
	struct script_get get = {.place = SCRIPT_OWN, .name = buf_view(&e->name)};
	if (error == 0)
		error = mailbox_client_run(&e->owner.client, SCRIPT_GET, &get, take_text, e, NULL);
	return error == -ENOENT ? 0 : error;
}

static int read_rules(struct edit *e)
{
	int error = sieve_simple_read(buf_view(&e->text), &e->arena, &e->errors, &e->simple);
	if (error == -EINVAL) {
		fprintf(stderr, "postrider: %s: the script ", e->owner.subject);
		fprintf(stderr,
		    "\"%s\" has an error in line %" PRIu32 ", and cannot be read as rules: %.*s\n",
		    buf_string(&e->name), e->errors.items[0].place.line, VIEW_FMT(e->errors.items[0].text));
		return EXIT_DATA;
	}
	return error ? mailbox_client_problem(e->owner.subject, error) : 0;
}

static void edit_done(struct edit *e)
{
	rule_close(&e->owner);
	buf_done(&e->name);
	buf_done(&e->text);
	buf_done(&e->words);
	sieve_errors_done(&e->errors);
	arena_done(&e->arena);
	mem_free(e);
}

/* Takes ADDRESS and --script off the words; `min` to `max` are left. 0 and *out, or an exit code. */
static int edit_open(struct cli *cli, struct directory_client *directory, int min, int max, struct edit **out)
{
	const char *name = cli_value(cli, "--script");
	struct edit *e = mem_alloc(sizeof *e);
	int status = rule_open(cli, directory, min, max, &e->owner);
	if (status) {
		mem_free(e);
		return status;
	}
	buf_init(&e->name, 2 * SCRIPT_NAME_MAX);
	buf_init(&e->text, SCRIPT_SIZE_MAX);
	buf_init(&e->words, 4096);
	arena_init(&e->arena, SIEVE_SIMPLE_MEMORY_MAX);
	sieve_errors_init(&e->errors);
	e->none = true;
	int error = e->owner.place == SCRIPT_OWN ? fetch(e, name) : -EINVAL;
	status = e->owner.place != SCRIPT_OWN
	             ? cli_usage(cli, "the server's scripts are edited as files: `rule put --server`")
	         : error ? rule_problem(&e->owner, buf_string(&e->name), error)
	                 : read_rules(e);
	if (status) {
		edit_done(e);
		return status;
	}
	*out = e;
	return 0;
}

static void take_complaint(void *arg, unsigned type, const union mailbox_answer *answer)
{
	if (type == SCRIPT_COMPLAINT && !answer->complaint.warning) /* those of others' parts are not news */
		rule_complaint(arg, &answer->complaint);
}

/* What is told from here on is the script as it is now, with its lines. */
static void put_down(struct edit *e, const struct buf *text)
{
	buf_clear(&e->text);
	buf_append(&e->text, buf_view(text));
	e->active = e->active || (e->none && !e->there);
	e->there = true;
	sieve_simple_read(buf_view(&e->text), &e->arena, &e->errors, &e->simple);
}

/* Puts the changed script down. An exit code. */
static int put_back(struct edit *e)
{
	struct buf text;
	buf_init(&text, SCRIPT_SIZE_MAX);
	buf_clear(&e->words);
	int error = sieve_simple_write(&e->simple, &text, &e->words);
	if (error == -EINVAL) {
		fprintf(stderr, "postrider: %s: %s\n", e->owner.subject, buf_string(&e->words));
		buf_done(&text);
		return EXIT_DATA;
	}
	struct script_put put = {.place = SCRIPT_OWN,
	    .how = e->there ? SCRIPT_CHANGE : SCRIPT_NEW,
	    .activate = e->none && !e->there,
	    .version = e->there ? e->version : 0,
	    .name = buf_view(&e->name)};
	struct rule_complaints c = {.file = buf_string(&e->name), .text = buf_view(&text)};
	error = error ? -EFBIG : rule_send_text(&e->owner.client, buf_view(&text));
	if (error == 0)
		error = mailbox_client_run(&e->owner.client, SCRIPT_PUT, &put, take_complaint, &c, NULL);
	if (error == 0)
		put_down(e, &text);
	buf_done(&text);
	if (error == -ENOEXEC) {
		fprintf(stderr, "postrider: %s: nothing was changed: the script would have an error\n",
		    e->owner.subject);
		return EXIT_DATA;
	}
	if (error == -ESTALE || error == -EEXIST || error == -ENOENT) {
		fprintf(stderr,
		    "postrider: %s: somebody else has changed the script \"%s\" meanwhile, so nothing was "
		    "changed: "
		    "look at it again, and repeat the command\n",
		    e->owner.subject, buf_string(&e->name));
		return EXIT_REFUSED;
	}
	return rule_problem(&e->owner, buf_string(&e->name), error);
}

/* ---- telling ---- */

static void print_item_json(const struct sieve_simple_item *item, size_t number)
{
	struct buf json;
	buf_init(&json, 4 << 20);
	if (item->rule)
		sieve_simple_to_json(item->rule, &json);
	printf(
	    "{\"number\": %zu, \"line\": %" PRIu32 ", \"lines\": %" PRIu32, number, item->line, item->lines);
	if (item->rule)
		printf(", \"rule\": %s}", buf_string(&json));
	else
		printf(", \"text\": true, \"rules\": %zu}", item->rules);
	buf_done(&json);
}

static void print_rule(const struct sieve_simple_rule *rule, size_t number)
{
	struct buf words;
	buf_init(&words, 4 << 20);
	sieve_simple_tell(rule, &words);
	printf("%3zu  %s", number, rule->enabled ? "" : "(off) ");
	if (rule->name.len > 0) {
		cli_print(rule->name);
		fputs(": ", stdout);
	}
	puts(buf_string(&words));
	buf_done(&words);
}

static void print_text(const struct sieve_simple_item *item, size_t number)
{
	if (item->rules > 0)
		printf("%3zu  ", number);
	else
		fputs("     ", stdout);
	printf("(written by hand: line%s %" PRIu32, item->lines == 1 ? "" : "s", item->line);
	if (item->lines > 1)
		printf(" to %" PRIu32, item->line + item->lines - 1);
	puts(")");
}

static void list_rules(const struct edit *e, bool json)
{
	size_t number = 1;
	const char *before = "";
	if (json) {
		fputs("{\"script\": ", stdout);
		cli_json_string(buf_view(&e->name));
		printf(", \"active\": %s, \"items\": [", e->active ? "true" : "false");
	} else if (e->there) {
		fputs("the script ", stdout);
		cli_print(buf_view(&e->name));
		printf("%s:\n", e->active ? "" : " (not active)");
	}
	for (const struct sieve_simple_item *item = e->simple.first; item; item = item->next) {
		if (json && (item->rule || item->commands)) {
			fputs(before, stdout);
			print_item_json(item, number);
			before = ", ";
		} else if (item->rule) {
			print_rule(item->rule, number);
		} else if (item->commands) {
			print_text(item, number);
		}
		number += item->rules;
	}
	if (json)
		puts("]}");
	else if (e->simple.first == NULL)
		printf("%s has no rules\n", e->owner.subject);
}

/* ---- which rule ---- */

/* A number or a name; an exit code, with the reason printed. */
static int find_rule(const struct edit *e, const char *which, size_t *number)
{
	struct view text = view_from_string(which);
	uint64_t n;
	if (!view_to_u64(text, SIZE_MAX, &n))
		n = sieve_simple_named(&e->simple, text);
	const struct sieve_simple_item *item = sieve_simple_at(&e->simple, n);
	if (item == NULL) {
		fprintf(stderr,
		    "postrider: %s: there is no rule %s (`postrider rule simple %s` shows them)\n",
		    e->owner.subject, which, e->owner.subject);
		return EXIT_NOTHING;
	}
	if (item->rule == NULL) {
		fprintf(stderr,
		    "postrider: %s: rule %s is written by hand, from line %" PRIu32
		    " on; edit the script (`postrider rule show`, `rule put`)\n",
		    e->owner.subject, which, item->line);
		return EXIT_REFUSED;
	}
	*number = n;
	return 0;
}

/* ---- changes ---- */

static int remove_rule(struct edit *e, size_t number)
{
	sieve_simple_remove(&e->simple, number);
	return 0;
}

static int turn(struct edit *e, size_t number, bool on)
{
	struct sieve_simple_item *item = sieve_simple_at(&e->simple, number);
	buf_clear(&e->words);
	if (!sieve_simple_settle(item->rule, &e->arena, &e->words)) {
		fprintf(stderr, "postrider: %s: the rule cannot be changed here: %s\n", e->owner.subject,
		    buf_string(&e->words));
		return EXIT_DATA;
	}
	if (item->rule->enabled == on)
		return 0;
	item->rule->enabled = on;
	sieve_simple_changed(&e->simple, item);
	return 0;
}

static int enable(struct edit *e, size_t number)
{
	return turn(e, number, true);
}

static int disable(struct edit *e, size_t number)
{
	return turn(e, number, false);
}

static int move(struct cli *cli, struct edit *e, size_t number)
{
	size_t count = sieve_simple_count(&e->simple);
	uint64_t to;
	if (strcmp(cli->argv[2], "last") == 0)
		to = count + 1;
	else if (!view_to_u64(view_from_string(cli->argv[2]), count, &to) || to == 0)
		return cli_usage(
		    cli, "where the rule shall stand is a number from `postrider rule simple`, or last");
	else if (to > number)
		to++; /* behind those that move up */
	sieve_simple_move(&e->simple, number, to);
	return 0;
}

static int change(struct cli *cli, struct edit *e)
{
	static const struct {
		const char *verb;
		int (*run)(struct edit *e, size_t number);
	} rows[] = {{"remove", remove_rule}, {"enable", enable}, {"disable", disable}};
	bool moves = strcmp(cli->argv[0], "move") == 0;
	size_t number;
	if (cli->argc != (moves ? 3 : 2))
		return cli_usage(cli, "which rule is missing");
	int status = find_rule(e, cli->argv[1], &number);
	if (status)
		return status;
	if (moves) {
		status = move(cli, e, number);
		return status ? status : put_back(e);
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(cli->argv[0], rows[i].verb) == 0) {
			status = rows[i].run(e, number);
			return status ? status : put_back(e);
		}
	return cli_usage(cli, "a rule is removed, enabled, disabled or moved");
}

int rule_simple(struct cli *cli, struct directory_client *directory)
{
	struct edit *e;
	int status = edit_open(cli, directory, 0, 3, &e);
	if (status)
		return status;
	if (cli->argc > 0)
		status = change(cli, e);
	if (status == 0)
		list_rules(e, cli->json);
	edit_done(e);
	return status;
}

/* ---- add ---- */

/* Each --if and --then, in order. */
struct wishes {
	const char *conditions[SIEVE_SIMPLE_CONDITIONS_MAX], *actions[SIEVE_SIMPLE_ACTIONS_MAX];
	size_t condition_count, action_count;
	const char *name, *before, *file;
	bool any, off, stop;
};

static bool take_wishes(struct cli *cli, struct wishes *w)
{
	const char *text;
	while ((text = cli_value(cli, "--if")) != NULL && w->condition_count < SIEVE_SIMPLE_CONDITIONS_MAX)
		w->conditions[w->condition_count++] = text;
	if (text)
		return false;
	while ((text = cli_value(cli, "--then")) != NULL && w->action_count < SIEVE_SIMPLE_ACTIONS_MAX)
		w->actions[w->action_count++] = text;
	w->name = cli_value(cli, "--name");
	w->before = cli_value(cli, "--before");
	w->file = cli_value(cli, "--rule");
	w->any = cli_option(cli, "--any");
	w->off = cli_option(cli, "--off");
	return text == NULL;
}

static int refuse(struct edit *e, const char *text)
{
	fprintf(stderr, "postrider: %s%s%s\n", text ? text : "", text ? ": " : "", buf_string(&e->words));
	return EXIT_DATA;
}

static int from_words(struct edit *e, const struct wishes *w, struct sieve_simple_rule *rule)
{
	rule->name = view_from_string(w->name ? w->name : "");
	rule->any = w->any;
	rule->conditions = arena_array(&e->arena, w->condition_count + 1, sizeof *rule->conditions);
	rule->actions = arena_array(&e->arena, w->action_count + 1, sizeof *rule->actions);
	if (rule->conditions == NULL || rule->actions == NULL)
		return mailbox_client_problem(e->owner.subject, -ENOMEM);
	for (size_t i = 0; i < w->condition_count; i++)
		if (!sieve_simple_hear_condition(view_from_string(w->conditions[i]), &e->arena,
		        &rule->conditions[rule->condition_count++], &e->words))
			return refuse(e, w->conditions[i]);
	for (size_t i = 0; i < w->action_count; i++)
		if (!sieve_simple_hear_action(view_from_string(w->actions[i]), &e->arena,
		        &rule->actions[rule->action_count++], &e->words))
			return refuse(e, w->actions[i]);
	return sieve_simple_settle(rule, &e->arena, &e->words) ? 0 : refuse(e, NULL);
}

static int from_file(struct edit *e, const char *file, struct sieve_simple_rule *rule)
{
	struct json_value value;
	struct buf text;
	struct view copy;
	buf_init(&text, SCRIPT_SIZE_MAX);
	int status = rule_read_file(file, &text);
	if (status == 0 &&
	    (!arena_copy(&e->arena, buf_view(&text), &copy) || json_parse(copy, &e->arena, &value) != 0)) {
		fprintf(stderr, "postrider: %s holds no JSON\n", file);
		status = EXIT_DATA;
	} else if (status == 0 && !sieve_simple_from_json(&value, &e->arena, rule, &e->words)) {
		status = refuse(e, file);
	}
	buf_done(&text);
	return status;
}

static int add(struct edit *e, const struct wishes *w, size_t *number)
{
	struct sieve_simple_rule *rule = arena_alloc(&e->arena, sizeof *rule);
	if (rule == NULL)
		return mailbox_client_problem(e->owner.subject, -ENOMEM);
	rule->enabled = true;
	int status = w->file ? from_file(e, w->file, rule) : from_words(e, w, rule);
	*number = sieve_simple_count(&e->simple) + 1;
	if (status == 0 && w->before)
		status = find_rule(e, w->before, number);
	if (status)
		return status;
	if (w->off)
		rule->enabled = false;
	int error = sieve_simple_add(&e->simple, rule, *number);
	if (error == -E2BIG) {
		fprintf(stderr, "postrider: %s: a script has %d rules at most\n", e->owner.subject,
		    SIEVE_SIMPLE_RULES_MAX);
		return EXIT_REFUSED;
	}
	return error ? mailbox_client_problem(e->owner.subject, error) : put_back(e);
}

int rule_add(struct cli *cli, struct directory_client *directory)
{
	struct wishes w = {0};
	struct edit *e;
	size_t number;
	if (!take_wishes(cli, &w))
		return cli_usage(cli, "a rule has at most 100 conditions, and 16 actions");
	if ((w.file != NULL) == (w.action_count > 0) ||
	    (w.file && (w.condition_count > 0 || w.name || w.any)))
		return cli_usage(cli, "a rule needs --then, or comes from a file with --rule");
	int status = edit_open(cli, directory, 0, 0, &e);
	if (status)
		return status;
	status = add(e, &w, &number);
	const struct sieve_simple_item *item = status ? NULL : sieve_simple_at(&e->simple, number);
	if (item && cli->json) {
		print_item_json(item, number);
		putchar('\n');
	} else if (item && item->rule) {
		print_rule(item->rule, number);
	}
	edit_done(e);
	return status;
}

/* ---- forward ---- */

static const char forward_name[] = "Forward";

static int put_forward(struct edit *e, const struct rule_forwarding *f)
{
	struct wishes w = {.name = forward_name, .before = "1"};
	char texts[RULE_FORWARD_MAX][400];
	size_t number;
	for (size_t i = 0; i < f->count; i++) {
		snprintf(
		    texts[i], sizeof texts[i], "%s to \"%s\"", f->keep ? "forward" : "redirect", f->to[i]);
		w.actions[w.action_count++] = texts[i];
	}
	/* Else a rule below could still keep it. */
	if (!f->keep)
		w.actions[w.action_count++] = "stop";
	if (sieve_simple_count(&e->simple) == 0)
		w.before = NULL;
	return add(e, &w, &number);
}

int rule_forward(struct cli *cli, struct directory_client *directory, const struct rule_forwarding *f)
{
	struct edit *e;
	int status = edit_open(cli, directory, 0, 0, &e);
	if (status)
		return status;
	size_t number = sieve_simple_named(&e->simple, VIEW(forward_name));
	bool there = sieve_simple_at(&e->simple, number) != NULL;
	if (there)
		status = remove_rule(e, number);
	if (status == 0 && f->count > 0)
		status = put_forward(e, f);
	else if (status == 0 && there)
		status = put_back(e);
	else if (status == 0) {
		fprintf(
		    stderr, "postrider: %s: nothing is forwarded by `postrider forward`\n", e->owner.subject);
		status = EXIT_NOTHING;
	}
	edit_done(e);
	return status;
}
