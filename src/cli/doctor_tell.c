/* How the doctor tells what it found: see doctor.h. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/doctor.h"
#include "format/json.h"

static const char *const level_names[DOCTOR_LEVELS] = {
    [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_WARNING] = "warning", [DOCTOR_ERROR] = "error"};

enum { TEXT_MAX = 64 * 1024, WHERE_COLUMNS = 28 };

static void tell_json(struct doctor *d, enum doctor_level level, const char *where, const char *what,
    const char *cost, const char *mend)
{
	const char *const names[] = {"where", "check", "cost", "mend"};
	const char *const texts[] = {where, what, cost, mend};
	struct buf out;
	unsigned before = 0;
	for (size_t i = 0; i < DOCTOR_LEVELS; i++)
		before += d->counts[i];
	buf_init(&out, TEXT_MAX);
	buf_printf(&out, "%s{\"level\":\"%s\",\"good\":%s", before ? ",\n" : "", level_names[level],
	    level <= DOCTOR_NOTE ? "true" : "false");
	for (size_t i = 0; i < 4; i++) {
		buf_printf(&out, ",\"%s\":", names[i]);
		json_append_string(&out, view_from_string(texts[i]));
	}
	buf_append_byte(&out, '}');
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

static void tell_text(
    enum doctor_level level, const char *where, const char *what, const char *cost, const char *mend)
{
	printf("%-8s %-*s ", level_names[level], WHERE_COLUMNS, where);
	cli_print(view_from_string(what));
	if (cost && cost[0]) {
		printf("\n%9scost: ", "");
		cli_print(view_from_string(cost));
	}
	if (mend && mend[0]) {
		printf("\n%9smend: ", "");
		cli_print(view_from_string(mend));
	}
	putchar('\n');
}

void doctor_tell(struct doctor *d, enum doctor_level level, const char *where, const char *what,
    const char *cost, const char *mend)
{
	if (d->cli->json)
		tell_json(d, level, where, what, cost, mend);
	else
		tell_text(level, where, what, cost, mend);
	d->counts[level]++;
	fflush(stdout); /* looks take seconds: who waits sees how far it is */
}

void doctor_tell_once(struct doctor *d, enum doctor_level level, const char *where, const char *what,
    const char *cost, const char *mend)
{
	for (size_t i = 0; i < d->told_count; i++)
		if (strcmp(d->told[i], what) == 0)
			return;
	if (d->told_count < DOCTOR_PROBLEMS_MAX)
		d->told[d->told_count++] = mem_string(view_from_string(what));
	doctor_tell(d, level, where, what, cost, mend);
}
