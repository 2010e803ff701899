/*
 * The program that others call as sendmail, mailq and newaliases: `postrider sendmail`. Its words are those
 * of the old program, so main.c gives it them untouched.
 */
#ifndef CLI_CLI_SENDMAIL_H
#define CLI_CLI_SENDMAIL_H

#include "cli/cli.h"

/* Whether the program was called so: by its own name, or as `postrider [--config FILE] sendmail`. Then the
 * words behind that are *argc and *argv (the first one is the name), and *config is set if it was given. */
bool cli_sendmail_is_called(int *argc, char ***argv, const char **config);

/* What cli->argc and cli->argv say, with argv[0] the name; the exit code, of sysexits.h. */
int cli_sendmail_main(struct cli *cli);

/* For the table of commands, which main.c asks only for `--help`. */
int cli_sendmail(struct cli *cli);

#define CLI_SENDMAIL_USAGE                                                                                   \
	"postrider sendmail [-i] [-t] [-f ADDRESS] [-F NAME] [-N WHEN] [-R full|hdrs] [-V ID] [-v] [--] "    \
	"[ADDRESS...]\n"                                                                                     \
	"       postrider sendmail -bs\n"                                                                    \
	"       postrider sendmail -bv [-f ADDRESS] [--] ADDRESS...\n"                                       \
	"       postrider sendmail -bp | -q | -I\n"                                                          \
	"       The message comes on standard input, up to its end or, without -i, a line with a dot "       \
	"alone.\n"                                                                                           \
	"       -t: it goes to those whom To, Cc and Bcc name, too. -f: its envelope's sender; -F: the "     \
	"name in From.\n"                                                                                    \
	"       -bs: SMTP on standard input and output. -bv: only say which addresses would be taken.\n"     \
	"       -bp: list the queue. -q: try it now. -I: nothing, aliases need no rebuilding.\n"             \
	"       WHEN: never, or some of success,failure,delay: when the sender is told.\n"                   \
	"       Other options of sendmail (-o..., -e..., -m, -n, -A, -B, -C, -L, -O, -X ...) are taken and " \
	"change nothing."

#endif
