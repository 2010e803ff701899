/*
 * Rules as people make them (doc/jmap.md): a Sieve script as a list of simple rules, and such a list as a
 * script (sieve/sieve_simple.h). Both are functions of texts: scripts are read and put by Blob/get,
 * Blob/upload and SieveScript/set (RFC 9661). SieveRules/try is in jmap_rules_try.c, SieveRules/note in
 * jmap_rules_note.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "jmap/jmap_rules_note.h"
#include "jmap/jmap_rules_try.h"
#include "mail/script.h"
#include "sieve/sieve_simple.h"

enum {
	WORDS_MAX = 2000,
	RULE_MAX = 256 * 1024,
	CHANGES_MAX = 1000 /* of one call: each walks the script's rules, as many at most */
};

struct ruling {
	struct arena arena;         /* of the script that was read, and of what is put into it */
	struct sieve_simple script; /* views of it are of the arguments, which live as long as the call */
	struct buf out, words;
};

static void release(void *data)
{
	struct ruling *x = data;
	arena_done(&x->arena);
	buf_done(&x->out);
	buf_done(&x->words);
}

static struct ruling *begin(struct jmap_call *c)
{
	struct ruling *x = jmap_call_data(c, sizeof *x, release);
	arena_init(&x->arena, SIEVE_SIMPLE_MEMORY_MAX);
	buf_init(&x->out, SCRIPT_SIZE_MAX);
	buf_init(&x->words, WORDS_MAX);
	return x;
}

/* The argument `text`, read as rules. False: the call has been answered. */
static bool read_script(struct jmap_call *c, struct ruling *x)
{
	struct view text = {0};
	struct sieve_errors errors;
	if (!jmap_take_string(c, jmap_arguments(c), "text", &text))
		return false;
	if (text.data == NULL && json_object_get(jmap_arguments(c), "text") == NULL) {
		jmap_error(c, "invalidArguments", "\"text\" is missing: it is the script");
		return false;
	}
	if (text.len > SCRIPT_SIZE_MAX) {
		jmap_error(c, "tooLarge", "a script has at most %d octets", SCRIPT_SIZE_MAX);
		return false;
	}
	sieve_errors_init(&errors);
	int result = sieve_simple_read(text, &x->arena, &errors, &x->script);
	if (result == -EINVAL)
		jmap_error(c, "invalidScript", "line %u: %.*s", errors.items[0].place.line,
		    VIEW_FMT(errors.items[0].text));
	else if (result)
		jmap_error_of(c, result, "the script");
	sieve_errors_done(&errors);
	return result == 0;
}

/* ---- SieveRules/read ---- */

static bool put_rule(struct json_out *w, struct ruling *x, const struct sieve_simple_rule *rule)
{
	buf_clear(&x->out);
	if (sieve_simple_to_json(rule, &x->out) != 0)
		return false;
	json_out_name(w, VIEW("rule"));
	json_out_raw(w, buf_view(&x->out));
	buf_clear(&x->out);
	if (sieve_simple_tell(rule, &x->out) != 0)
		return false;
	json_out_name(w, VIEW("words"));
	json_out_string(w, buf_view(&x->out));
	return true;
}

static void run_read(struct jmap_call *c)
{
	struct ruling *x = begin(c);
	if (!jmap_arguments_known(c, "text", NULL) || !read_script(c, x))
		return;
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("items"));
	json_out_array(w);
	size_t number = 1;
	for (const struct sieve_simple_item *item = x->script.first; item; item = item->next) {
		json_out_object(w);
		json_out_name(w, VIEW("number"));
		json_out_unsigned(w, number);
		number += item->rules;
		if (item->rule == NULL) {
			json_out_name(w, VIEW("text"));
			json_out_string(w, item->source);
			json_out_name(w, VIEW("hasCommands"));
			json_out_bool(w, item->commands && !item->own);
		} else if (!put_rule(w, x, item->rule)) {
			jmap_error_of(c, -ENOMEM, "the rules");
			return;
		}
		json_out_name(w, VIEW("line"));
		json_out_unsigned(w, item->line);
		json_out_end(w);
	}
	json_out_end(w);
	jmap_end(c);
}

/* ---- SieveRules/write ---- */

/* A rule of the client, in the arena. False: the call has been answered. */
static bool take_rule(
    struct jmap_call *c, struct ruling *x, const json_t *json, struct sieve_simple_rule *rule)
{
	struct view text;
	char *dumped = json_dumps(json, JSON_COMPACT);
	bool kept = dumped && arena_copy(&x->arena, view_from_string(dumped), &text);
	free(dumped);
	if (!kept || text.len > RULE_MAX) {
		jmap_error(c, "tooLarge", "a rule has at most %d octets", RULE_MAX);
		return false;
	}
	buf_clear(&x->words);
	if (sieve_simple_from_json_text(text, &x->arena, rule, &x->words))
		return true;
	jmap_error(c, "invalidRule", "%.*s", VIEW_FMT(buf_view(&x->words)));
	return false;
}

static bool do_change(struct jmap_call *c, struct ruling *x, json_t *change)
{
	uint64_t number = 0, before = sieve_simple_count(&x->script) + 1;
	json_t *json = NULL;
	if (!jmap_take_unsigned(c, change, "rule", &number) ||
	    !jmap_take_unsigned(c, change, "before", &before) || !jmap_take_object(c, change, "value", &json))
		return false;
	struct sieve_simple_item *item = number ? sieve_simple_at(&x->script, number) : NULL;
	if ((number && (item == NULL || item->rule == NULL)) || before == 0 ||
	    before > sieve_simple_count(&x->script) + 1 || (!number && !json)) {
		jmap_error(c, "invalidArguments",
		    "a change names no rule of the script, or a place that it has not");
		return false;
	}
	struct sieve_simple_rule *rule = json ? arena_alloc(&x->arena, sizeof *rule) : NULL;
	if (json && (rule == NULL || !take_rule(c, x, json, rule))) {
		if (rule == NULL)
			jmap_error_of(c, -ENOMEM, "the rules");
		return false;
	}
	int result = 0;
	if (!number) {
		result = sieve_simple_add(&x->script, rule, before);
	} else if (json) {
		item->rule = rule;
		sieve_simple_changed(&x->script, item);
	} else if (json_object_get(change, "before")) {
		sieve_simple_move(&x->script, number, before);
	} else {
		sieve_simple_remove(&x->script, number);
	}
	if (result)
		jmap_error_of(c, result, "the rules");
	return result == 0;
}

static void run_write(struct jmap_call *c)
{
	struct ruling *x = begin(c);
	json_t *changes = NULL, *change;
	size_t i;
	if (!jmap_arguments_known(c, "text", "changes", NULL) || !read_script(c, x) ||
	    !jmap_take_array(c, jmap_arguments(c), "changes", &changes))
		return;
	if (json_array_size(changes) > CHANGES_MAX) {
		jmap_error(c, "tooLarge", "a call makes at most %d changes", (int)CHANGES_MAX);
		return;
	}
	json_array_foreach(changes, i, change)
	{
		if (!json_is_object(change)) {
			jmap_error(c, "invalidArguments", "a change is an object");
			return;
		}
		if (!do_change(c, x, change))
			return;
	}
	buf_clear(&x->out);
	buf_clear(&x->words);
	int result = sieve_simple_write(&x->script, &x->out, &x->words);
	if (result == -EINVAL) {
		jmap_error(c, "invalidRule", "%.*s", VIEW_FMT(buf_view(&x->words)));
	} else if (result) {
		jmap_error_of(c, result == -ENOBUFS ? -EFBIG : result, "the script");
	} else {
		struct json_out *w = jmap_respond(c);
		json_out_name(w, VIEW("text"));
		json_out_string(w, buf_view(&x->out));
		jmap_end(c);
	}
}

const struct jmap_method jmap_methods_rules[] = {
    {"SieveRules/try", JMAP_RULES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, jmap_rules_try},
    {"SieveRules/note", JMAP_RULES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, jmap_rules_note},
    {"SieveRules/read", JMAP_RULES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_read},
    {"SieveRules/write", JMAP_RULES, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_write},
    {0},
};
