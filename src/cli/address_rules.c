/* See address_rules.h. */
#include "cli/address_rules.h"

#include <errno.h>
#include <unistd.h>

#include "cli/mailbox_client.h"
#include "cli/store_client.h"
#include "sieve/sieve_tree.h"

enum { SCRIPT_MAX = 1 << 20 /* octets: the server keeps none that is larger */ };

/* ---- in the text ---- */

struct gathering {
	struct view script;
	struct address_forward *forwards;
	int count;
};

static bool has_tag(const struct sieve_node *node, struct view tag)
{
	for (size_t i = 0; i < node->argument_count; i++)
		if (node->arguments[i].kind == SIEVE_ARGUMENT_TAG &&
		    view_equal_nocase(node->arguments[i].tag, tag))
			return true;
	return false;
}

static void take_redirect(struct gathering *g, const struct sieve_node *node, bool sometimes)
{
	/* The address is the last argument (RFC 5228 section 4.2). */
	const struct sieve_argument *last =
	    node->argument_count ? &node->arguments[node->argument_count - 1] : NULL;
	if (last == NULL || last->kind != SIEVE_ARGUMENT_STRING || g->count == ADDRESS_FORWARDS_MAX)
		return;
	g->forwards[g->count++] = (struct address_forward){.to = last->strings[0],
	    .script = g->script,
	    .line = node->place.line,
	    .sometimes = sometimes,
	    .copies = has_tag(node, VIEW("copy"))};
}

/* Blocks are nested no deeper than the reader of scripts allows. */
static void gather(struct gathering *g, const struct sieve_node *node, bool sometimes)
{
	for (; node; node = node->next) {
		if (view_equal_nocase(node->name, VIEW("redirect")))
			take_redirect(g, node, sometimes);
		gather(g, node->block, true);
	}
}

int address_forwards_of(struct view script, struct view name, struct arena *arena,
    struct address_forward forwards[ADDRESS_FORWARDS_MAX])
{
	struct gathering g = {.script = name, .forwards = forwards};
	struct sieve_errors errors;
	struct sieve_node *commands = NULL;
	sieve_errors_init(&errors);
	/* One that is not whole does not run at all. */
	if (sieve_tree_parse(script, arena, &errors, &commands))
		gather(&g, commands, false);
	sieve_errors_done(&errors);
	return g.count;
}

/* ---- at the server ---- */

struct active {
	struct arena *arena;
	struct view name;
};

static void take_active(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct active *a = arg;
	if (type == SCRIPT_ENTRY && answer->script.active &&
	    !arena_copy(a->arena, answer->script.name, &a->name))
		a->name = (struct view){0};
}

static void take_bytes(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct buf *text = arg;
	if (type == SCRIPT_BYTES)
		buf_append(text, answer->script_bytes.bytes);
}

int address_forwards(struct cli *cli, struct directory_client *directory, const char *address,
    struct arena *arena, struct address_forward forwards[ADDRESS_FORWARDS_MAX])
{
	struct mailbox_client client;
	struct active active = {.arena = arena};
	struct buf text;
	struct view script = {0};
	int fd = store_client_connect(&cli->settings);
	if (fd < 0)
		return -ENOTCONN;
	close(fd);
	if (mailbox_client_open(cli, directory, address, &client) != 0)
		return -EIO;
	buf_init(&text, SCRIPT_MAX);
	int error =
	    mailbox_client_run(&client, SCRIPT_LIST, &(struct script_list){0}, take_active, &active, NULL);
	struct script_get get = {.place = SCRIPT_OWN, .name = active.name};
	if (error == 0 && active.name.len > 0)
		error = mailbox_client_run(&client, SCRIPT_GET, &get, take_bytes, &text, NULL);
	if (error == 0 && !arena_copy(arena, buf_view(&text), &script))
		error = -ENOMEM;
	buf_done(&text);
	mailbox_client_close(&client);
	return error ? error : address_forwards_of(script, active.name, arena, forwards);
}
