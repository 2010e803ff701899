/*
 * The command line. Each command is a function; its options are taken off by cli_option. Exit codes are those
 * of sysexits.h: 0 done, 64 wrong use, 65 bad data, 66 no such thing, 69 not available, 70 our fault, 73
 * cannot create, 75 try again, 77 not allowed, 78 bad settings.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "process/messages.h"
#include "config/settings.h"

enum {
	EXIT_USAGE = 64,
	EXIT_DATA = 65,
	EXIT_NOTHING = 66,
	EXIT_UNAVAILABLE = 69,
	EXIT_SOFTWARE = 70,
	EXIT_TEMPORARY = 75,
	EXIT_REFUSED = 77,
	EXIT_SETTINGS = 78
};

struct cli_command;

struct cli {
	int argc;
	char **argv; /* what is left: the command's own words */
	const char *config;
	bool config_is_default; /* nobody has named another */
	bool json;
	struct settings settings;
	bool have_settings;
	const char *command;                /* its name */
	const char *usage;                  /* of the command, for cli_usage */
	const char *verb;                   /* its subcommand, once that is known */
	const char *typed;                  /* the first word behind the command; NULL: none */
	const struct cli_command *commands; /* all that there are */
	size_t command_count;
};

struct cli_command {
	const char *name;
	int (*run)(struct cli *cli);
	const char *summary, *usage; /* how the texts on usage are read: completion.h */
};

/* Takes "--name" off the words; true if it was there. cli_value takes "--name VALUE" or "--name=VALUE" and
 * gives VALUE, or NULL. */
bool cli_option(struct cli *cli, const char *name);
const char *cli_value(struct cli *cli, const char *name);

/* After all options: false (and a message) when an unknown one or the wrong number of words is left. */
bool cli_words(struct cli *cli, int min, int max);

/* The subcommand, the next word, is none of `names` (separated by blanks), or is missing: says so.
 * EXIT_USAGE. */
int cli_no_verb(const struct cli *cli, const char *names);

/* Prints the message and how the command is used, or that subcommand of it alone that was typed; EXIT_USAGE.
 */
int cli_usage(const struct cli *cli, const char *problem);

/* Reads the configuration; 0 or EXIT_SETTINGS with the reason printed. */
int cli_settings(struct cli *cli);

/*
 * Root that opens a data folder acts as its owner from then on, so that nothing in it becomes root's. Does
 * nothing for others, and for a folder that is not there yet.
 */
void cli_become_owner(const char *folder);

/* Who asks, for logs: behind sudo the person, not root. */
const char *cli_invoking_user(void);

/* Prints a value on one line, made safe by base/show.h. */
void cli_print(struct view text);

/* "1.2 MB"; "2026-11-29T22:30:00Z". */
void cli_print_size(uint64_t bytes);
void cli_print_time(int64_t seconds);

/*
 * Before something that can hurt, which has been said: asks at the terminal, unless the command had --yes. 0:
 * do it; else an exit code with the reason printed. `what` is the command, such as "removing an account".
 */
int cli_confirm(bool yes, const char *what);

/* Prints text as a JSON string, quotes and all. */
void cli_json_string(struct view text);

/* Prints ,"NAME":[...] with the lines of a text, but for empty ones, as strings. */
void cli_json_list(const char *name, const struct buf *lines);

/*
 * Reads a password: from standard input with --password-stdin, else from the terminal, twice. False with a
 * message. Wiped by the caller.
 */
bool cli_read_password(struct cli *cli, bool from_stdin, struct buf *password);
/* The same of one that is there already: asked for once. */
bool cli_ask_password(bool from_stdin, struct buf *password);

/* ---- the directory, asked by a command: of the running server, or of the data folder while none runs ----
 */

struct directory_client;

/* 0 and *out, or an exit code with the reason printed. */
int directory_client_open(struct cli *cli, struct directory_client **out);
void directory_client_close(struct directory_client *client);

/*
 * Asks and waits. The answer's views live until the next question. Returns the answer's error (0 or a
 * negative errno), or -EPIPE when the server went away.
 */
int directory_client_ask(struct directory_client *client, enum directory_operation operation, uint64_t number,
    const struct view *fields, size_t count, struct message_directory_answer *answer);

/* Sentences for an error of the directory; an exit code. */
int cli_directory_problem(const char *subject, int error);

/* Runs the verb that the next word names, with a client that is open meanwhile; its exit code. */
struct cli_verb {
	const char *name;
	int (*run)(struct cli *cli, struct directory_client *client);
	bool quiet; /* it prints nothing when all went well: with --json, {"verb":...,"subject":...} is said
	               for it */
};
int cli_run_verb(struct cli *cli, const struct cli_verb *rows, size_t count);

/* How `message send` and `message fetch` are used. */
#define CLI_REMOTE_USAGE                                                                                     \
	"[--server HOST[:PORT]] [--tls | --starttls | --no-tls] [--ca-file FILE] [--tls-name NAME] "         \
	"[--insecure]\n"                                                                                     \
	"           [--user NAME] [--password-file FILE | --password-stdin] [--timeout SECONDS] [--verbose]"
#define CLI_SEND_USAGE                                                                                       \
	"postrider message send [--from ADDRESS] --to ADDRESS... [--cc ADDRESS...] [--bcc ADDRESS...] "      \
	"[--subject TEXT]\n"                                                                                 \
	"           [--text TEXT] [--html FILE] [--attach FILE...] [--header 'NAME: TEXT'...]\n"             \
	"           [--sender ADDRESS] [--notify never|success,failure,delay] [--ret full|hdrs] [--json]\n"  \
	"           " CLI_REMOTE_USAGE "\n"                                                                  \
	"       postrider message send --file MESSAGE [--from ADDRESS] [--to ADDRESS...] [the same options]"
#define CLI_FETCH_USAGE                                                                                      \
	"postrider message fetch [NUMBER] --user NAME [--show [--json]] [--wait SECONDS]\n"                  \
	"           " CLI_REMOTE_USAGE

/* ---- commands ---- */
int cli_serve(struct cli *cli);
int cli_demo(struct cli *cli);
int cli_status(struct cli *cli);
int cli_reload(struct cli *cli);
int cli_upgrade(struct cli *cli);
int cli_stop(struct cli *cli);
int cli_metrics(struct cli *cli);
int cli_config(struct cli *cli);
int cli_domain(struct cli *cli);
int cli_account(struct cli *cli);
int cli_address(struct cli *cli);
int cli_auth(struct cli *cli);
int cli_kick(struct cli *cli);
int cli_route(struct cli *cli);
int cli_who(struct cli *cli);
int cli_alias(struct cli *cli);
int cli_dkim(struct cli *cli);
int cli_forward(struct cli *cli);
int cli_group(struct cli *cli);
int cli_mailbox(struct cli *cli);
int cli_rule(struct cli *cli);
int cli_vacation(struct cli *cli);
int cli_file(struct cli *cli);
int cli_store(struct cli *cli);
int cli_message(struct cli *cli);
int cli_send(struct cli *cli);
int cli_fetch(struct cli *cli);
int cli_queue(struct cli *cli);
int cli_trace(struct cli *cli);
int cli_dns(struct cli *cli);
int cli_doctor(struct cli *cli);
int cli_setup(struct cli *cli);
int cli_search(struct cli *cli);
int cli_verify(struct cli *cli);
int cli_report(struct cli *cli);
int cli_completion(struct cli *cli);

/* What a shell asks at each press of the tab key: `postrider completion words WORD...`. The words are no
 * arguments of ours, so nothing has been taken off them. */
int cli_completion_words(struct cli *cli);

#endif
