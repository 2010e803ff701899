/* Asks the directory for names that begin with what is typed: see completion_names.h. */
#include "cli/completion_names.h"

#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

enum { NAME_SIZE = 600 }; /* an address in its longest form, and more */

/* A list of the directory that is asked for in parts. */
struct name_list {
	enum directory_operation operation;
	size_t row; /* fields of each answer; the first is the name */
	const char *domain;
};

static bool offer(const char *typed, struct view name, struct buf *out)
{
	size_t len = strlen(typed);
	if (name.len < len || memcmp(name.data, typed, len) != 0 || !completion_is_plain(name))
		return true;
	return buf_append(out, name) == 0 && buf_append_byte(out, '\n') == 0;
}

/* Calls `each` with all names; until it says false, or the server does not answer. */
static void walk(struct directory_client *client, const struct name_list *list,
    bool (*each)(void *arg, struct view name), void *arg)
{
	struct message_directory_answer answer;
	char after[NAME_SIZE] = "";
	do {
		const struct view fields[] = {view_from_string(list->domain), view_from_string(after)};
		const struct view *from = list->domain[0] ? fields : fields + 1;
		size_t count = list->domain[0] ? 2 : 1;
		if (directory_client_ask(client, list->operation, 0, from, count, &answer) != 0)
			return;
		const struct message_field *items = answer.fields.items;
		for (size_t i = 0; i + list->row <= answer.fields.count; i += list->row) {
			struct view name = items[i].value;
			if (!each(arg, name))
				return;
			snprintf(after, sizeof after, "%.*s", VIEW_FMT(name));
		}
	} while (answer.fields.count == list->row * DIRECTORY_LIST_PART);
}

struct offering {
	const char *typed;
	struct buf *out;
};

static bool offer_name(void *arg, struct view name)
{
	struct offering *o = arg;
	return offer(o->typed, name, o->out);
}

void completion_domains(struct directory_client *client, const char *typed, struct buf *out)
{
	struct offering o = {typed, out};
	const struct name_list list = {DIRECTORY_DOMAIN_LIST, DIRECTORY_DOMAIN_FIELDS, ""};
	walk(client, &list, offer_name, &o);
}

/* The domains are kept first: an answer's views live until the next question. */
void completion_addresses(struct directory_client *client, const char *typed, struct buf *out)
{
	struct buf domains;
	struct view rest, domain;
	struct offering o = {typed, out};
	buf_init(&domains, out->max);
	completion_domains(client, "", &domains);
	rest = buf_view(&domains);
	while (rest.len && view_next(&rest, '\n', &domain)) {
		char name[NAME_SIZE];
		snprintf(name, sizeof name, "%.*s", VIEW_FMT(domain));
		const struct name_list list = {DIRECTORY_ACCOUNT_LIST, DIRECTORY_ACCOUNT_FIELDS, name};
		const char *at = strchr(typed, '@');
		/* Behind the @ only one domain can be meant. */
		if (name[0] && (at == NULL || strncmp(name, at + 1, strlen(at + 1)) == 0))
			walk(client, &list, offer_name, &o);
	}
	buf_done(&domains);
}
