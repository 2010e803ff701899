/* config: what the settings are, what is wrong with them, and what the program knows of itself. config set is
 * in cli_config_set.c. */
#include "cli/cli_config.h"

#include <stdio.h>
#include <string.h>

#include "config/conf_edit.h"
#include "config/services.h"
#include "config/settings_text.h"
#include "format/json.h"
#include "master/roles.h"
#include "master/world_check.h"

enum { OUTPUT_MAX = 4 << 20 };

/* ---- check ---- */

static int check(struct cli *cli)
{
	struct certificates certificates;
	struct findings found;
	struct buf out;
	findings_init(&found);
	settings_init(&cli->settings);
	int error = world_read(cli->config, WORLD_LOOKS, &cli->settings, &certificates, 0, &found);
	if (error == 0)
		certificates_done(&certificates);
	if (cli->json) {
		buf_init(&out, OUTPUT_MAX);
		findings_json(&found, cli->config, &out);
		fputs(buf_string(&out), stdout);
		buf_done(&out);
	} else {
		cli_config_say(&found, true);
		if (error)
			printf("%s: not usable: %u error%s, %u warning%s\n", cli->config, found.errors,
			    found.errors == 1 ? "" : "s", found.warnings, found.warnings == 1 ? "" : "s");
		else if (found.warnings)
			printf("%s: usable, with %u warning%s\n", cli->config, found.warnings,
			    found.warnings == 1 ? "" : "s");
		else
			printf("%s: good\n", cli->config);
	}
	findings_done(&found);
	return error ? EXIT_SETTINGS : 0;
}

/* ---- show and get ---- */

/* The settings, and where each is set. */
struct shown {
	struct conf conf;
	struct settings settings, defaults;
};

static int read_shown(struct cli *cli, struct shown *s)
{
	struct findings found;
	findings_init(&found);
	conf_init(&s->conf);
	settings_init(&s->settings);
	settings_init(&s->defaults);
	int error = conf_read(&s->conf, cli->config, &found);
	if (error == 0)
		error = settings_load(&s->settings, &s->conf, &found);
	cli_config_say(&found, false);
	findings_done(&found);
	return error ? EXIT_SETTINGS : 0;
}

static void shown_done(struct shown *s)
{
	conf_done(&s->conf);
	settings_done(&s->settings);
	settings_done(&s->defaults);
}

static bool is_default(const struct setting_told *now, const struct setting_told *usual)
{
	return now->number == usual->number && view_equal(now->text, usual->text);
}

static void put_json(
    const struct shown *s, const struct setting_told *now, const struct setting_told *usual, struct buf *out)
{
	static const char *const kinds[] = {[SETTING_TEXT] = "text",
	    [SETTING_LIST] = "list",
	    [SETTING_NUMBER] = "number",
	    [SETTING_SIZE] = "size",
	    [SETTING_FLAG] = "flag"};
	const struct conf_statement *at = conf_find(&s->conf, view_from_string(now->name));
	buf_printf(out, "{\"name\":\"%s\",\"kind\":\"%s\",\"unit\":\"%s\",\"value\":", now->name,
	    kinds[now->kind], now->unit);
	cli_config_json_value(now, out);
	buf_append_string(out, ",\"default\":");
	cli_config_json_value(usual, out);
	buf_printf(out, ",\"isDefault\":%s,\"file\":", is_default(now, usual) ? "true" : "false");
	if (at)
		json_append_string(out, view_from_string(s->conf.files[at->file].path));
	else
		buf_append_string(out, "null");
	buf_printf(out, ",\"line\":%u,", at ? at->line : 0);
	if (now->kind == SETTING_NUMBER || now->kind == SETTING_SIZE)
		buf_printf(out, "\"min\":%llu,\"max\":%llu,", (unsigned long long)now->min,
		    (unsigned long long)now->max);
	buf_printf(out, "\"takesEffect\":\"%s\",\"text\":", cli_config_effect(now->effect));
	json_append_string(out, view_from_string(now->meaning));
	buf_append_byte(out, '}');
}

/* As it may stand in a file, with the place behind it. */
static void put_line(const struct shown *s, const struct setting_told *now, struct buf *out)
{
	const struct conf_statement *at = conf_find(&s->conf, view_from_string(now->name));
	buf_printf(out, "%s = ", now->name);
	setting_put_value(out, now);
	if (at)
		buf_printf(out, "  # %s:%u\n", s->conf.files[at->file].path, at->line);
	else
		buf_append_string(out, "  # default\n");
}

int cli_config_show(struct cli *cli)
{
	struct shown *s = &(struct shown){0};
	struct setting_told now, usual;
	struct buf out;
	bool changed = cli_option(cli, "--changed"), first = true;
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = read_shown(cli, s);
	buf_init(&out, OUTPUT_MAX);
	for (size_t i = 0; status == 0 && setting_tell(&s->settings, i, &now); i++) {
		(void)setting_tell(&s->defaults, i, &usual);
		if (changed && is_default(&now, &usual))
			continue;
		if (cli->json) {
			buf_append_string(&out, first ? "[" : ",\n");
			put_json(s, &now, &usual, &out);
		} else {
			put_line(s, &now, &out);
		}
		first = false;
	}
	if (cli->json && status == 0)
		buf_append_string(&out, first ? "[]\n" : "]\n");
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	shown_done(s);
	return status;
}

static void put_plain(const struct setting_told *now, struct buf *out)
{
	if (now->kind == SETTING_FLAG)
		buf_append_string(out, now->number ? "true" : "false");
	else if (now->kind == SETTING_NUMBER || now->kind == SETTING_SIZE)
		buf_printf(out, "%llu", (unsigned long long)now->number);
	else
		buf_append(out, now->text);
	if (now->kind != SETTING_LIST || now->text.len > 0)
		buf_append_byte(out, '\n');
}

int cli_config_get(struct cli *cli)
{
	struct shown *s = &(struct shown){0};
	struct setting_told now, usual;
	struct buf out;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	ptrdiff_t place = cli_config_find(cli->argv[0]);
	if (place < 0)
		return EXIT_NOTHING;
	int status = read_shown(cli, s);
	buf_init(&out, OUTPUT_MAX);
	if (status == 0 && setting_tell(&s->settings, (size_t)place, &now) &&
	    setting_tell(&s->defaults, (size_t)place, &usual)) {
		if (cli->json) {
			put_json(s, &now, &usual, &out);
			buf_append_byte(&out, '\n');
		} else {
			put_plain(&now, &out);
		}
	}
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	shown_done(s);
	return status;
}

/* ---- what the program knows of itself ---- */

/* For scripts: the users postrider-ROLE are made from it. */
static void list_roles(struct buf *out)
{
	for (size_t i = 0; i < roles_count; i++)
		buf_printf(out, "%s\n", roles[i].name);
}

/* "pop3s 995 pop3": its name, its usual port, the role that serves it. The setting NAME_listen has its
 * addresses. */
static void list_services(struct buf *out)
{
	for (enum service service = 0; service < SERVICES; service++) {
		const struct service_row *row = service_row(service);
		if (row->socket == NULL)
			buf_printf(out, "%s %u %s\n", row->name, row->port, row->role);
	}
}

static void roles_json(void)
{
	for (size_t i = 0; i < roles_count; i++)
		printf("%s\"%s\"", i ? "," : "[", roles[i].name);
	puts("]");
}

static void services_json(void)
{
	bool first = true;
	for (enum service service = 0; service < SERVICES; service++) {
		const struct service_row *row = service_row(service);
		if (row->socket)
			continue;
		printf("%s{\"name\":\"%s\",\"port\":%u,\"role\":\"%s\"}", first ? "[" : ",", row->name,
		    row->port, row->role);
		first = false;
	}
	puts("]");
}

static int print_list(struct cli *cli, void (*list)(struct buf *out))
{
	struct buf out;
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	if (cli->json && (list == list_roles || list == list_services)) {
		list == list_roles ? roles_json() : services_json();
		return 0;
	}
	buf_init(&out, OUTPUT_MAX);
	list(&out);
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	return 0;
}

static int run_check(struct cli *cli)
{
	return cli_words(cli, 0, 0) ? check(cli) : EXIT_USAGE;
}

int cli_config(struct cli *cli)
{
	static const struct {
		const char *name;
		int (*run)(struct cli *cli);
		void (*list)(struct buf *out);
	} verbs[] = {{"check", run_check, NULL}, {"show", cli_config_show, NULL},
	    {"get", cli_config_get, NULL}, {"set", cli_config_set, NULL}, {"example", NULL, settings_example},
	    {"manual", NULL, settings_manual}, {"roles", NULL, list_roles},
	    {"services", NULL, list_services}};
	for (size_t i = 0; cli->argc > 0 && i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(cli->argv[0], verbs[i].name) != 0)
			continue;
		cli->verb = verbs[i].name;
		cli->argc--;
		cli->argv++;
		return verbs[i].run ? verbs[i].run(cli) : print_list(cli, verbs[i].list);
	}
	return cli_no_verb(cli, "check, show, get, set, example, manual, roles, services");
}
