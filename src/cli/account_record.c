/* See account_record.h. */
#include "cli/account_record.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"

int account_record_read(struct directory_client *client, const char *address, struct account_record *r)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	arena_init(&r->arena, 1 << 20);
	buf_init(&r->before, CREDENTIALS_MAX + 1024);
	int error = directory_client_ask(client, DIRECTORY_LOOK_UP, 0, &field, 1, &answer);
	if (error)
		return cli_directory_problem(address, error);
	const struct message_field *fields = answer.fields.items;
	buf_append(&r->before, fields[1].value);
	r->disabled = answer.number == 0;
	r->administrator = answer.fields.count > 2 && fields[2].value.len > 0;
	if (credentials_decode(buf_view(&r->before), &r->credentials) == 0)
		return 0;
	fprintf(stderr, "postrider: %s: this version cannot read the stored credentials\n", address);
	return EXIT_DATA;
}

void account_record_free(struct account_record *r)
{
	if (r->before.data)
		mem_wipe(r->before.data, r->before.cap);
	buf_done(&r->before);
	arena_done(&r->arena);
}

int account_numbers_read(struct directory_client *client, const char *address, struct account_numbers *n)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	uint64_t *const to[DIRECTORY_ACCOUNT_NUMBERS] = {&n->messages, &n->bytes, &n->deleted_bytes,
	    &n->quota, &n->quota_messages, &n->mailboxes, &n->file_links, &n->file_link_bytes};
	int error = directory_client_ask(client, DIRECTORY_ACCOUNT_STAT, 0, &field, 1, &answer);
	const struct message_field *fields = answer.fields.items;
	*n = (struct account_numbers){0};
	for (size_t i = 0; error == 0 && i < DIRECTORY_ACCOUNT_NUMBERS && i < answer.fields.count; i++)
		*to[i] = directory_number(fields[i].value);
	return error;
}

/* -ESTALE: somebody has changed it since it was read. Else 0, or an exit status with the reason said. */
static int write_record(struct directory_client *client, const char *address, struct account_record *r,
    enum directory_credentials how)
{
	struct message_directory_answer answer;
	struct buf encoded;
	buf_init(&encoded, CREDENTIALS_MAX + 1024);
	int error = credentials_encode(&r->credentials, &encoded);
	const struct view fields[] = {view_from_string(address), buf_view(&encoded), buf_view(&r->before)};
	if (error == 0)
		error = directory_client_ask(client, DIRECTORY_CREDENTIALS_PUT, how, fields, 3, &answer);
	mem_wipe(encoded.data, encoded.cap);
	buf_done(&encoded);
	return error == -ESTALE ? error : cli_directory_problem(address, error);
}

int account_record_change(struct directory_client *client, const char *address,
    enum directory_credentials how, account_record_changes change, void *arg)
{
	enum { TRIES = 10 };
	int status = -ESTALE;
	for (int i = 0; i < TRIES && status == -ESTALE; i++) {
		struct account_record r = {0};
		status = account_record_read(client, address, &r);
		if (status == 0)
			status = change(&r, arg);
		if (status == 0)
			status = write_record(client, address, &r, how);
		account_record_free(&r);
	}
	if (status != -ESTALE)
		return status;
	fprintf(stderr, "postrider: %s: somebody else changed this account at the same time; try again\n",
	    address);
	return EXIT_TEMPORARY;
}
