/* A new account with its main password, or with a hash of it that another server has made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/account_record.h"
#include "cli/cli_account.h"

/* The new account's record holds its password already, or `error` says why not. */
static int create(
    struct directory_client *client, const char *address, uint64_t quota, struct account_record *r, int error)
{
	struct message_directory_answer answer;
	struct buf encoded;
	buf_init(&encoded, CREDENTIALS_MAX);
	if (error == 0)
		error = credentials_encode(&r->credentials, &encoded);
	const struct view fields[] = {view_from_string(address), buf_view(&encoded)};
	if (error == 0)
		error = directory_client_ask(client, DIRECTORY_ACCOUNT_ADD, quota, fields, 2, &answer);
	if (encoded.data)
		mem_wipe(encoded.data, encoded.cap);
	buf_done(&encoded);
	arena_done(&r->arena);
	if (error != -ENOENT)
		return cli_directory_problem(address, error);
	const char *domain = strrchr(address, '@');
	domain = domain ? domain + 1 : address;
	fprintf(stderr, "postrider: the domain %s is not set up here; run `postrider domain add %s` first\n",
	    domain, domain);
	return EXIT_NOTHING;
}

static void begin(struct account_record *r)
{
	unsigned char salt[SCRAM_SALT_SIZE];
	*r = (struct account_record){0};
	random_bytes(salt, sizeof salt);
	arena_init(&r->arena, 1 << 20);
	credentials_init(&r->credentials, salt);
}

int cli_account_create(
    struct directory_client *client, const char *address, struct view password, uint64_t quota, bool scram)
{
	struct account_record r;
	begin(&r);
	return create(
	    client, address, quota, &r, credentials_set_password(&r.credentials, password, scram, &r.arena));
}

int cli_account_create_hashed(
    struct directory_client *client, const char *address, struct view hash, uint64_t quota)
{
	struct account_record r;
	begin(&r);
	credentials_put_hash(&r.credentials, hash);
	return create(client, address, quota, &r, 0);
}
