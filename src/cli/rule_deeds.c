/* See rule_deeds.h. */
#include "cli/rule_deeds.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "cli/cli.h"

/* A message that nothing is done with: no command led there, and no flag was set. */
static bool is_nothing(const struct script_deed *d)
{
	return d->kind == SCRIPT_KEEPS && d->line == 0 && d->flags.len == 0 && d->failed.len == 0 &&
	       !d->edited;
}

void rule_deeds_init(struct rule_deeds *deeds, size_t memory, bool every)
{
	*deeds = (struct rule_deeds){.every = every};
	arena_init(&deeds->arena, memory);
}

void rule_deeds_done(struct rule_deeds *deeds)
{
	arena_done(&deeds->arena);
	mem_free(deeds->items);
}

static bool copy(struct rule_deeds *deeds, struct script_deed *d)
{
	struct view *texts[] = {&d->rule_name, &d->why, &d->script, &d->target, &d->mailbox_id,
	    &d->special_use, &d->flags, &d->failed, &d->places};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!arena_copy(&deeds->arena, *texts[i], texts[i]))
			return false;
	return true;
}

static void keep(struct rule_deeds *deeds, const struct script_deed *deed)
{
	struct script_deed kept = *deed;
	if (!copy(deeds, &kept)) {
		deeds->more++;
		return;
	}
	if (deeds->count == deeds->room) {
		deeds->room = deeds->room ? 2 * deeds->room : 256;
		deeds->items = mem_resize(deeds->items, deeds->room * sizeof *deeds->items);
	}
	deeds->items[deeds->count++] = kept;
}

void rule_deeds_add(struct rule_deeds *deeds, const struct script_deed *deed)
{
	bool nothing = is_nothing(deed);
	if (deed->kind < SCRIPT_DEED_KINDS && !nothing && deed->failed.len == 0)
		deeds->kinds[deed->kind]++;
	deeds->failed += deed->failed.len > 0;
	if (!nothing && deeds->last != deed->uid)
		deeds->touched++;
	if (!nothing)
		deeds->last = deed->uid;
	if (!nothing || deeds->every)
		keep(deeds, deed);
}

/* ---- words ---- */

static const struct {
	const char *json, *words, *sum;
	bool target;
} kinds[SCRIPT_DEED_KINDS] = {
    [SCRIPT_KEEPS] = {"keep", "kept where it is", "kept", false},
    [SCRIPT_FILES] = {"file", "filed into ", "filed", true},
    [SCRIPT_REDIRECTS] = {"redirect", "redirected to ", "redirected", true},
    [SCRIPT_DISCARDS] = {"discard", "discarded", "discarded", false},
    [SCRIPT_REJECTS] = {"reject", "refused: ", "refused", true},
    [SCRIPT_EREJECTS] = {"ereject", "refused: ", "refused when it comes", true},
    [SCRIPT_ANSWERS] = {"answer", "answered", "answered", false},
    [SCRIPT_NOTIFIES] = {"notify", "told of ", "told of", true},
};

static void print_why(const struct script_deed *d)
{
	if (d->rule) {
		printf(": rule %" PRIu64, d->rule);
		if (d->rule_name.len > 0) {
			fputs(", ", stdout);
			cli_print(d->rule_name);
		}
	}
	if (d->script.len > 0) {
		fputs(d->rule ? "; in " : ": in ", stdout);
		cli_print(d->script);
	}
	if (d->line)
		printf("%s line %" PRIu64, d->rule || d->script.len > 0 ? ";" : ":",
		    d->why_line ? d->why_line : d->line);
	if (d->why.len > 0) {
		fputs(": ", stdout);
		cli_print(d->why);
	}
}

void rule_deed_line(const struct script_deed *d)
{
	fputs("    ", stdout);
	if (d->failed.len > 0) {
		printf("kept, since the script fails in line %" PRIu64 ": ", d->line);
		cli_print(d->failed);
		putchar('\n');
		return;
	}
	fputs(kinds[d->kind].words, stdout);
	if (kinds[d->kind].target)
		cli_print(d->target);
	if (d->create)
		fputs(", which is made if it isn't there", stdout);
	if (d->flags.len > 0) {
		fputs(", with ", stdout);
		cli_print(d->flags);
	}
	if (d->edited)
		fputs(", its header changed", stdout);
	print_why(d);
	putchar('\n');
}

static void json_text(const char *name, struct view text)
{
	if (text.len == 0)
		return;
	printf(", \"%s\": ", name);
	cli_json_string(text);
}

void rule_deed_json(const struct script_deed *d, const char *before)
{
	printf("%s{\"action\": \"%s\", \"line\": %" PRIu64, before, kinds[d->kind].json, d->line);
	json_text("target", d->target);
	json_text("mailboxId", d->mailbox_id);
	json_text("specialUse", d->special_use);
	json_text("flags", d->flags);
	if (d->create)
		fputs(", \"create\": true", stdout);
	if (d->copy)
		fputs(", \"copy\": true", stdout);
	if (d->edited)
		fputs(", \"edited\": true", stdout);
	if (d->rule)
		printf(", \"rule\": %" PRIu64, d->rule);
	json_text("ruleName", d->rule_name);
	json_text("script", d->script);
	if (d->why_line)
		printf(", \"whyLine\": %" PRIu64, d->why_line);
	json_text("why", d->why);
	json_text("failed", d->failed);
	putchar('}');
}

void rule_deeds_sum(const struct rule_deeds *deeds, uint64_t messages)
{
	printf("%" PRIu64 " message%s: ", messages, messages == 1 ? "" : "s");
	for (size_t i = 0; i < SCRIPT_DEED_KINDS; i++)
		if (deeds->kinds[i])
			printf("%" PRIu64 " %s, ", deeds->kinds[i], kinds[i].sum);
	if (deeds->failed)
		printf("the script failed over %" PRIu64 ", ", deeds->failed);
	printf("%" PRIu64 " as %s.\n", messages - deeds->touched,
	    messages - deeds->touched == 1 ? "it is" : "they are");
	if (deeds->more)
		printf("%zu more are not shown.\n", deeds->more);
}
