/*
 * config set: changes one setting in the file where it stands, or a certificate and its key. Comments and
 * order stay. The new text is checked whole before it replaces the old one in one step, so that a server that
 * starts meanwhile reads one or the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli_config.h"
#include "config/conf_edit.h"
#include "config/conf_replace.h"
#include "config/settings_text.h"
#include "format/json.h"
#include "master/world_check.h"

enum { LOCK_TRIES = 20, TEXT_MAX = CONF_SIZE_MAX + 65536 };

static const char certificates_name[] = "tls_certificates", keys_name[] = "tls_keys";

struct change {
	struct cli *cli;
	struct conf conf;
	struct settings settings, fresh;
	struct setting_told before, now;
	size_t place;
	struct buf value, text; /* the new value as it stands in a file; the new text of that file */
	const char *key;        /* of the certificate; NULL: there is none */
	struct buf keys;        /* the new value of tls_keys then */
	unsigned file, line;
	bool add, remove, reset;
};

static int fail(const char *path, int error)
{
	fprintf(stderr, "postrider: cannot change %s: %s%s\n", path, strerror(error),
	    error == EACCES || error == EPERM ? "; run this as root, or as the owner of the file" : "");
	return error == EACCES || error == EPERM ? EXIT_REFUSED : EXIT_UNAVAILABLE;
}

/* Two of these commands at once wait for each other: the file itself is the lock. */
static int lock(const char *path, int *fd)
{
	struct stat opened, named;
	for (unsigned i = 0; i < LOCK_TRIES; i++) {
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0 || flock(*fd, LOCK_EX) != 0)
			return errno;
		if (fstat(*fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino)
			return 0;
		close(*fd); /* another has replaced it meanwhile */
	}
	*fd = -1;
	return EAGAIN;
}

/* ---- the value ---- */

/* The list that was, with these words added, without them, or these words alone: a line each. */
static void put_elements(
    const struct change *c, const struct setting_told *before, char *const *words, int count, struct buf *out)
{
	struct view rest = before->text, element;
	bool found = false;
	while ((c->add || c->remove) && rest.len && view_next(&rest, '\n', &element)) {
		bool named = false;
		for (int i = 0; i < count; i++)
			named = named || view_equal(element, view_from_string(words[i]));
		found = found || named;
		if (named)
			continue;
		if (buf_view(out).len)
			buf_append_byte(out, '\n');
		buf_append(out, element);
	}
	for (int i = 0; !c->remove && i < count; i++) {
		if (buf_view(out).len)
			buf_append_byte(out, '\n');
		buf_append_string(out, words[i]);
	}
	if (c->remove && !found)
		fprintf(stderr, "postrider: %s has no such element; nothing is removed\n", before->name);
}

/* That list, as it stands in a file. */
static void put_list(
    const struct change *c, const struct setting_told *before, char *const *words, int count, struct buf *out)
{
	struct buf joined;
	buf_init(&joined, TEXT_MAX);
	put_elements(c, before, words, count, &joined);
	setting_put_value(out, &(struct setting_told){.kind = SETTING_LIST, .text = buf_view(&joined)});
	buf_done(&joined);
}

/* A certificate and its key are of no use without each other, so one command changes both settings. */
static int make_keys(struct change *c)
{
	struct setting_told before;
	char *words[] = {(char *)(uintptr_t)c->key};
	if (c->key == NULL)
		return 0;
	if (strcmp(c->before.name, certificates_name) != 0 || c->cli->argc != 2 || c->cli->argv[1][0] == '\0')
		return cli_usage(
		    c->cli, "--key FILE is for one certificate: config set tls_certificates FILE --key FILE");
	(void)setting_tell(&c->settings, (size_t)cli_config_find(keys_name), &before);
	put_list(c, &before, words, 1, &c->keys);
	return 0;
}

static bool is_plain_word(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]))
			return false;
	return v.len > 0;
}

static int make_value(struct change *c)
{
	int words = c->cli->argc - 1;
	bool list = c->before.kind == SETTING_LIST;
	if (c->reset)
		return words == 0 && !c->key ? 0 : cli_usage(c->cli, "--default takes no value");
	if (words < 1)
		return cli_usage(
		    c->cli, "missing argument: VALUE (an empty list is '', the default is --default)");
	if (!list && words > 1)
		return cli_usage(c->cli, "unexpected argument: this setting has one value");
	if (!list && (c->add || c->remove))
		return cli_usage(c->cli, "--add and --remove are for lists");
	struct view word = view_from_string(c->cli->argv[1]);
	if (list && words == 1 && word.len == 0) {
		buf_append_string(&c->value, "{}");
	} else if (list) {
		put_list(c, &c->before, &c->cli->argv[1], words, &c->value);
	} else if (c->before.kind != SETTING_TEXT && c->before.kind != SETTING_SIZE && is_plain_word(word)) {
		buf_append(&c->value, word);
	} else {
		conf_put_text(&c->value, word);
	}
	return make_keys(c);
}

/* ---- check and replace ---- */

static bool is_half_a_pair(const struct change *c)
{
	return c->key == NULL &&
	       (strcmp(c->before.name, certificates_name) == 0 || strcmp(c->before.name, keys_name) == 0);
}

/* All settings, as they would be. */
static int check(struct change *c)
{
	struct conf_instead instead = {.path = c->conf.files[c->file].path, .text = buf_view(&c->text)};
	struct certificates certificates;
	struct findings found;
	struct conf conf;
	conf_init(&conf);
	findings_init(&found);
	conf.instead = &instead;
	int error = conf_read(&conf, c->cli->config, &found);
	if (error == 0)
		error = world_read_conf(&conf, WORLD_LOOKS, &c->fresh, &certificates, 0, &found);
	if (error == 0)
		certificates_done(&certificates);
	cli_config_say(&found, !c->cli->json);
	if (error)
		fprintf(stderr,
		    "postrider: nothing was changed, since the server would refuse these settings%s\n",
		    is_half_a_pair(c) ? ". A certificate and its key are set together: `postrider config set "
		                        "tls_certificates FILE --key FILE`"
		                      : "");
	findings_done(&found);
	conf_done(&conf);
	return error ? EXIT_SETTINGS : 0;
}

/* ---- what is said ---- */

static void say_json(struct change *c, bool changed)
{
	struct buf out;
	buf_init(&out, TEXT_MAX);
	buf_printf(&out, "{\"name\":\"%s\",\"file\":", c->now.name);
	json_append_string(&out, view_from_string(c->conf.files[c->file].path));
	buf_printf(&out, ",\"line\":%u,\"changed\":%s,\"before\":", c->line, changed ? "true" : "false");
	cli_config_json_value(&c->before, &out);
	buf_append_string(&out, ",\"value\":");
	cli_config_json_value(&c->now, &out);
	buf_printf(&out, ",\"takesEffect\":\"%s\"}\n", cli_config_effect(c->now.effect));
	fputs(buf_string(&out), stdout);
	buf_done(&out);
}

static void say(struct change *c, bool changed)
{
	static const char *const todo[] = {[EFFECT_RELOAD] = "It takes effect at a reload: postrider reload",
	    [EFFECT_RESTART] = "It takes effect only after a restart: systemctl restart postrider",
	    [EFFECT_COMMAND] = "It takes effect at the next command; the server need not be told"};
	struct buf before, now;
	if (c->cli->json) {
		say_json(c, changed);
		return;
	}
	buf_init(&before, TEXT_MAX);
	buf_init(&now, TEXT_MAX);
	setting_put_value(&before, &c->before);
	setting_put_value(&now, &c->now);
	if (!changed)
		printf("%s is %s already; nothing was changed\n", c->now.name, buf_string(&now));
	else
		printf("%s:%u: %s = %s (it was %s)\n", c->conf.files[c->file].path, c->line, c->now.name,
		    buf_string(&now), buf_string(&before));
	if (changed && c->key)
		printf("%s = %s goes with it\n", keys_name, buf_string(&c->keys));
	if (changed)
		puts(todo[c->now.effect]);
	buf_done(&before);
	buf_done(&now);
}

/* ---- the command ---- */

static void edit_value(struct change *c, const struct conf *conf)
{
	c->file = conf_edit(conf, view_from_string(c->before.name), buf_view(&c->value), &c->text, &c->line);
}

/* Two statements of one file are changed: the second one in the text that the first one leaves. */
static int edit_with_keys(struct change *c)
{
	struct findings found;
	struct buf text;
	struct conf next;
	unsigned line;
	buf_init(&text, TEXT_MAX);
	conf_init(&next);
	findings_init(&found);
	unsigned file = conf_edit(&c->conf, view_from_string(keys_name), buf_view(&c->keys), &text, &line);
	struct conf_instead instead = {.path = c->conf.files[file].path, .text = buf_view(&text)};
	next.instead = &instead;
	int error = conf_read(&next, c->cli->config, &found);
	if (error == 0)
		edit_value(c, &next);
	else
		cli_config_say(&found, false);
	if (error == 0 && c->file != file)
		fprintf(stderr, "postrider: tls_certificates and tls_keys are set in different files; "
		                "nothing was changed. "
		                "Change both by hand, then run `postrider config check`\n");
	findings_done(&found);
	conf_done(&next);
	buf_done(&text);
	return error || c->file != file ? EXIT_SETTINGS : 0;
}

static int edit(struct change *c)
{
	if (c->key)
		return edit_with_keys(c);
	edit_value(c, &c->conf);
	return 0;
}

static int apply(struct change *c)
{
	int status = edit(c);
	if (status)
		return status;
	const char *path = c->conf.files[c->file].path;
	bool changed = !view_equal(buf_view(&c->text), buf_view(&c->conf.files[c->file].text));
	status = check(c);
	if (status)
		return status;
	int error = changed ? conf_replace(path, buf_view(&c->text), &c->conf.files[c->file].seen) : 0;
	if (error == EBUSY) {
		fprintf(stderr,
		    "postrider: somebody else has just changed %s; nothing was changed, try again\n", path);
		return EXIT_TEMPORARY;
	}
	if (error)
		return fail(path, error);
	(void)setting_tell(&c->fresh, c->place, &c->now);
	say(c, changed);
	return 0;
}

static int read_and_apply(struct change *c)
{
	struct findings found;
	findings_init(&found);
	int error = conf_read(&c->conf, c->cli->config, &found);
	/* What is wrong with other settings is told when the new text is checked. */
	if (error == 0)
		settings_take(&c->settings, &c->conf, &found);
	else
		cli_config_say(&found, false);
	findings_done(&found);
	if (error)
		return EXIT_SETTINGS;
	(void)setting_tell(&c->settings, c->place, &c->before);
	int status = make_value(c);
	return status ? status : apply(c);
}

int cli_config_set(struct cli *cli)
{
	struct change *c = &(struct change){.cli = cli};
	int fd = -1;
	c->add = cli_option(cli, "--add");
	c->remove = cli_option(cli, "--remove");
	c->reset = cli_option(cli, "--default");
	c->key = cli_value(cli, "--key");
	if (!cli_words(cli, 1, INT_MAX))
		return EXIT_USAGE;
	if (c->add + c->remove + c->reset > 1)
		return cli_usage(cli, "only one of --add, --remove and --default is possible");
	ptrdiff_t place = cli_config_find(cli->argv[0]);
	if (place < 0)
		return EXIT_NOTHING;
	c->place = (size_t)place;
	int error = lock(cli->config, &fd);
	if (error)
		return fail(cli->config, error);
	conf_init(&c->conf);
	settings_init(&c->fresh);
	buf_init(&c->value, TEXT_MAX);
	buf_init(&c->text, TEXT_MAX);
	buf_init(&c->keys, TEXT_MAX);
	int status = read_and_apply(c);
	buf_done(&c->value);
	buf_done(&c->text);
	buf_done(&c->keys);
	settings_done(&c->settings);
	settings_done(&c->fresh);
	conf_done(&c->conf);
	close(fd);
	return status;
}
