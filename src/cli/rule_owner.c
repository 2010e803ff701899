/* See rule_owner.h. */
#include "cli/rule_owner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const places[] = {"own", "before", "after", "global", "out of office"};
_Static_assert(sizeof places / sizeof places[0] == SCRIPT_PLACE_LAST + 1, "each place has a name");

const char *rule_place_name(uint64_t place)
{
	return place <= SCRIPT_PLACE_LAST ? places[place] : "unknown";
}

static bool take_place(const char *name, uint64_t *place)
{
	for (unsigned i = SCRIPT_BEFORE; i <= SCRIPT_GLOBAL; i++)
		if (strcmp(name, places[i]) == 0) {
			*place = i;
			return true;
		}
	return false;
}

int rule_open(struct cli *cli, struct directory_client *directory, int min, int max, struct rule_owner *owner)
{
	const char *place = cli_value(cli, "--server");
	*owner = (struct rule_owner){.place = SCRIPT_OWN, .subject = "the server"};
	if (place && !take_place(place, &owner->place))
		return cli_usage(cli, "--server takes before, after or global");
	if (!cli_words(cli, min + !place, max + !place))
		return EXIT_USAGE;
	if (place)
		return mailbox_client_open_server(cli, &owner->client);
	owner->subject = cli->argv[0];
	cli->argc--;
	cli->argv++;
	return mailbox_client_open(cli, directory, owner->subject, &owner->client);
}

void rule_close(struct rule_owner *owner)
{
	mailbox_client_close(&owner->client);
}

int rule_problem(const struct rule_owner *owner, const char *name, int error)
{
	static const struct {
		int error, status;
		const char *why;
	} rows[] = {
	    {-ENOENT, EXIT_NOTHING, "there is no such script (`postrider rule list` shows those that exist)"},
	    {-EEXIST, EXIT_DATA, "there is a script of this name already"},
	    {-EINVAL, EXIT_DATA,
	        "this is no name for a script: it has 1 to 128 characters, none of them \"/\" or a line end"},
	    {-EBUSY, EXIT_REFUSED,
	        "the script is active; switch it off first (`postrider rule activate ADDRESS --none`)"},
	    {-EFBIG, EXIT_DATA, "a script has 1 MB at most"},
	    {-EMLINK, EXIT_REFUSED, "there are 100 scripts already; remove some first"},
	    {-EDQUOT, EXIT_REFUSED, "all scripts together have 10 MB at most; remove some first"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].error == error) {
			fprintf(stderr, "postrider: %s: %s: %s\n", owner->subject, name, rows[i].why);
			return rows[i].status;
		}
	return error ? mailbox_client_problem(owner->subject, error) : 0;
}
