/* What the verbs of `postrider config` say alike: see cli_config.h. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/cli_config.h"
#include "format/json.h"

void cli_config_say(const struct findings *found, bool warnings)
{
	struct buf text;
	buf_init(&text, FINDINGS_MEMORY_MAX);
	for (size_t i = 0; i < found->count; i++) {
		if (found->rows[i].level == FINDING_WARNING && !warnings)
			continue;
		buf_clear(&text);
		finding_text(&found->rows[i], &text);
		fprintf(stderr, "postrider: %s\n", buf_string(&text));
	}
	if (found->left_out)
		fprintf(stderr, "postrider: and %zu more: mend these first\n", found->left_out);
	buf_done(&text);
}

ptrdiff_t cli_config_find(const char *name)
{
	struct settings none = {0};
	struct setting_told told;
	struct nearest near = {.wrong = view_from_string(name)};
	for (size_t i = 0; setting_tell(&none, i, &told); i++) {
		if (strcmp(told.name, name) == 0)
			return (ptrdiff_t)i;
		nearest_try(&near, told.name);
	}
	fprintf(stderr, "postrider: there is no setting '%s'%s%s%s\n", name,
	    near.word ? "; did you mean " : "; `postrider config show` lists them all",
	    near.word ? near.word : "", near.word ? "?" : "");
	return -1;
}

const char *cli_config_effect(enum setting_effect effect)
{
	static const char *const names[] = {
	    [EFFECT_RELOAD] = "reload", [EFFECT_RESTART] = "restart", [EFFECT_COMMAND] = "command"};
	return names[effect];
}

void cli_config_json_value(const struct setting_told *told, struct buf *out)
{
	struct view rest = told->text, element;
	if (told->kind == SETTING_TEXT) {
		json_append_string(out, rest);
	} else if (told->kind == SETTING_FLAG) {
		buf_append_string(out, told->number ? "true" : "false");
	} else if (told->kind != SETTING_LIST) {
		buf_printf(out, "%llu", (unsigned long long)told->number);
	} else {
		buf_append_byte(out, '[');
		for (bool first = true; rest.len && view_next(&rest, '\n', &element); first = false) {
			buf_append_string(out, first ? "" : ",");
			json_append_string(out, element);
		}
		buf_append_byte(out, ']');
	}
}
