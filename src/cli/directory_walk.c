/* See directory_walk.h. */
#include "cli/directory_walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 600, NAMES_MAX = 256 << 20 };

const struct directory_list directory_domains = {DIRECTORY_DOMAIN_LIST, 5},
                            directory_accounts = {DIRECTORY_ACCOUNT_LIST, DIRECTORY_ACCOUNT_FIELDS},
                            directory_aliases = {DIRECTORY_ALIAS_LIST, 2},
                            directory_masked = {DIRECTORY_MASKED_LIST, 3},
                            directory_groups = {DIRECTORY_GROUP_LIST, 1},
                            directory_removed_rows = {DIRECTORY_REMOVED_LIST, DIRECTORY_REMOVED_FIELDS};

int directory_walk(struct directory_client *client, const struct directory_list *list, const char *domain,
    void (*take)(void *arg, const struct message_field *row), void *arg)
{
	struct message_directory_answer answer;
	char after[NAME_MAX_BYTES];
	size_t after_len = 0;
	do {
		const struct view both[] = {
		    view_from_string(domain ? domain : ""), view_of(after, after_len)};
		int error = directory_client_ask(
		    client, list->operation, 0, domain ? both : both + 1, domain ? 2 : 1, &answer);
		if (error)
			return error;
		const struct message_field *rows = answer.fields.items;
		for (size_t i = 0; i + list->fields <= answer.fields.count; i += list->fields) {
			if (rows[i].value.len > sizeof after)
				return -EMSGSIZE;
			memcpy(after, rows[i].value.data, rows[i].value.len);
			after_len = rows[i].value.len;
			take(arg, rows + i);
		}
	} while (answer.fields.count == list->fields * DIRECTORY_LIST_PART);
	return 0;
}

static void take_name(void *arg, const struct message_field *row)
{
	buf_append(arg, row[0].value);
	buf_append_byte(arg, '\0');
}

int directory_names(
    struct directory_client *client, const struct directory_list *list, const char *domain, struct buf *names)
{
	buf_init(names, NAMES_MAX);
	int error = directory_walk(client, list, domain, take_name, names);
	return error ? error : buf_failed(names) ? -ENOMEM : 0;
}

const char *directory_next_name(const struct buf *names, size_t *at)
{
	struct view rest = view_skip(buf_view(names), *at);
	if (rest.len == 0)
		return NULL;
	*at += strlen(rest.data) + 1;
	return rest.data;
}

int directory_walk_all(struct directory_client *client, const struct directory_list *list, const char *only,
    void (*take)(void *arg, const struct message_field *row), void *arg)
{
	struct buf domains;
	size_t at = 0;
	const char *domain;
	if (only)
		return directory_walk(client, list, only, take, arg);
	int error = directory_names(client, &directory_domains, NULL, &domains);
	while (error == 0 && (domain = directory_next_name(&domains, &at)))
		error = directory_walk(client, list, domain, take, arg);
	buf_done(&domains);
	return error;
}

static bool ends_the_walk(int status)
{
	return status == EXIT_UNAVAILABLE || status == EXIT_TEMPORARY;
}

static int each_of_domain(struct directory_client *client, const char *domain,
    int (*ask)(void *arg, struct directory_client *client, const char *address), void *arg)
{
	struct buf names;
	const char *address;
	size_t at = 0;
	int status =
	    cli_directory_problem(domain, directory_names(client, &directory_accounts, domain, &names));
	while (!ends_the_walk(status) && (address = directory_next_name(&names, &at))) {
		int result = ask(arg, client, address);
		status = status && !ends_the_walk(result) ? status : result;
	}
	buf_done(&names);
	return status;
}

int directory_each_account(struct directory_client *client, const char *only,
    int (*ask)(void *arg, struct directory_client *client, const char *address), void *arg)
{
	struct buf domains;
	const char *domain;
	size_t at = 0;
	if (only)
		return each_of_domain(client, only, ask, arg);
	int status =
	    cli_directory_problem("domains", directory_names(client, &directory_domains, NULL, &domains));
	while (!ends_the_walk(status) && (domain = directory_next_name(&domains, &at))) {
		int result = each_of_domain(client, domain, ask, arg);
		status = status && !ends_the_walk(result) ? status : result;
	}
	buf_done(&domains);
	return status;
}
