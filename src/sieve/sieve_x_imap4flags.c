/* Flags of messages: RFC 5232. The tag :flags stands with the actions that take it. */
#include "sieve/sieve_check.h"

/* Section 3: flags are kept in variables only where there are variables. */
static void check_variables(struct sieve_checker *c, struct sieve_step *step)
{
	const struct sieve_value *names = sieve_positional(step, 0);

	if (names->kind != SIEVE_ABSENT && !sieve_check_requires(c, SIEVE_X_VARIABLES))
		sieve_check_error(c, names->place,
		    "to keep flags in a variable, the script must begin with require \"variables\";");
}

/* clang-format off */
#define COMMAND(command) \
    {.name = command, .extension = SIEVE_X_IMAP4FLAGS, .first_optional = true, .check = check_variables, \
	.positionals = {{"a variable", SIEVE_STRING, SIEVE_USE_VARIABLE}, {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}}}
/* clang-format on */

static const struct sieve_word words[] = {
    COMMAND("setflag"),
    COMMAND("addflag"),
    COMMAND("removeflag"),
    {.name = "hasflag",
        .kind = SIEVE_TEST,
        .extension = SIEVE_X_IMAP4FLAGS,
        .first_optional = true,
        .positionals = {{"variables", SIEVE_STRING_LIST, SIEVE_USE_VARIABLE},
            {"flags", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .has = SIEVE_HAS_MATCH,
        .check = check_variables},
};
const struct sieve_words sieve_x_imap4flags = {words, sizeof(words) / sizeof(words[0])};
