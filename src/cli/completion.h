/*
 * What can stand at a place of a command line, for the completion of shells. It is read from the same texts
 * that
 * `--help` prints, so that it knows every command, verb and option, and cannot be out of date.
 *
 * How such a text is read: a line that begins with "postrider NAME" is a way to use the command; words in
 * small letters behind NAME are verbs, "a|b" is a choice, "--x" an option, "--x VALUE" one with a value.
 * Brackets and dots are for people. A line that begins otherwise goes on with the one before, or explains
 * ("WHICH: --all ..."): the options in it fit all of the command's lines.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "base/buf.h"
#include "cli/cli.h"

/* What stands there besides the words that were found. */
enum completion_kind {
	COMPLETION_FILES = 1,     /* the name of a file or a folder */
	COMPLETION_ADDRESSES = 2, /* an account's address */
	COMPLETION_DOMAINS = 4
};

/*
 * Of the words behind the program's name, the last of which is being typed (it may be empty): appends what it
 * can be to *out, a line each, and returns a set of enum completion_kind. Words that do not begin with what
 * is typed are left out. What does not fit *out is left out, too.
 */
unsigned completion_find(const struct cli_command *commands, size_t command_count, const char *const *words,
    size_t count, struct buf *out);

/*
 * Whether a name means itself wherever it stands on a command line. Bash puts what is offered there as it is,
 * and an address may hold a command: `reboot`@example.org is one.
 */
bool completion_is_plain(struct view name);

#endif
