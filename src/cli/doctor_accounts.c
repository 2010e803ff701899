/* doctor: passwords that are kept by weak hashes of another server. */
#include <stdio.h>
#include <string.h>

#include "cli/account_record.h"
#include "cli/directory_walk.h"
#include "cli/doctor.h"
#include "trust/login/foreign_hash.h"

enum { ACCOUNTS_MAX = 20000 /* that are looked at: some seconds */ };

struct weak {
	size_t looked_at, found;
	char first[300];
};

static void look_at(struct directory_client *client, const char *address, struct weak *w)
{
	struct account_record r = {0};
	struct foreign_hash h;
	if (account_record_read(client, address, &r) == 0 && foreign_hash_is(r.credentials.password_hash) &&
	    foreign_hash_read(r.credentials.password_hash, &h) == 0 && h.weak) {
		if (w->found++ == 0)
			snprintf(w->first, sizeof w->first, "%s", address);
	}
	account_record_free(&r);
	w->looked_at++;
}

static void look_at_domain(struct directory_client *client, const char *domain, struct weak *w)
{
	struct buf names;
	const char *address;
	size_t at = 0;
	if (directory_names(client, &directory_accounts, domain, &names) == 0)
		while (w->looked_at < ACCOUNTS_MAX && (address = directory_next_name(&names, &at)))
			look_at(client, address, w);
	buf_done(&names);
}

void doctor_accounts(struct doctor *d)
{
	struct directory_client *client;
	struct weak w = {.found = 0};
	char what[500];
	if (d->master == 0 || directory_client_open(d->cli, &client) != 0)
		return;
	for (size_t i = 0; i < d->domain_count; i++)
		look_at_domain(client, d->domains[i], &w);
	directory_client_close(client);
	if (w.found == 0)
		return;
	snprintf(what, sizeof what, "%zu imported passwords are kept by a weak hash, that of %s first",
	    w.found, w.first);
	doctor_tell(d, DOCTOR_WARNING, "accounts", what,
	    "whoever gets hold of the data folder guesses them by the million",
	    "ask these users to log in, which replaces the hash, or set new passwords: `postrider account "
	    "list` marks "
	    "them");
}
