/* completion: scripts for bash, zsh and fish, and what they ask at each press of the tab key. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli.h"
#include "cli/completion.h"
#include "cli/completion_names.h"

enum { COMPLETION_MAX = 64 * 1024 }; /* of text: nobody reads more choices than that */

/* All three call `postrider completion words`. A line "-files" among its answer asks the shell for names of
 * files. */
static const char bash[] =
    "_postrider() {\n"
    "    local word files= IFS=$'\\n'\n"
    "    COMPREPLY=()\n"
    "    for word in $(\"${COMP_WORDS[0]}\" completion words \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null); "
    "do\n"
    "        if [ \"$word\" = -files ]; then files=yes; else COMPREPLY+=(\"$word\"); fi\n"
    "    done\n"
    "    [ -z \"$files\" ] || { compopt -o filenames 2>/dev/null\n"
    "        COMPREPLY+=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")); }\n"
    "}\n"
    "# An address has no parts for bash: without this, it would take what stands behind : or @ for a word.\n"
    "COMP_WORDBREAKS=${COMP_WORDBREAKS//[@:=]/}\n"
    "complete -F _postrider postrider\n";

static const char zsh[] =
    "#compdef postrider\n"
    "_postrider() {\n"
    "    local -a found\n"
    "    found=(${(f)\"$(\"${words[1]}\" completion words \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
    "    if (( ${found[(Ie)-files]} )); then\n"
    "        found=(\"${(@)found:#-files}\")\n"
    "        _files\n"
    "    fi\n"
    "    compadd -- \"${found[@]}\"\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _postrider ]; then _postrider \"$@\"; else compdef _postrider postrider; fi\n";

static const char fish[] = "function __postrider_words\n"
                           "    set -l words (commandline -opc) (commandline -ct)\n"
                           "    for word in ($words[1] completion words $words[2..-1] 2>/dev/null)\n"
                           "        if test \"$word\" = -files\n"
                           "            __fish_complete_path (commandline -ct)\n"
                           "        else\n"
                           "            echo $word\n"
                           "        end\n"
                           "    end\n"
                           "end\n"
                           "complete -c postrider -f -a '(__postrider_words)'\n";

int cli_completion(struct cli *cli)
{
	static const struct {
		const char *name, *script;
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(cli->argv[0], shells[i].name) == 0) {
			fputs(shells[i].script, stdout);
			return 0;
		}
	return cli_usage(cli, "completion knows these shells: bash, zsh, fish");
}

/* The settings that the words name, else the usual ones. */
static void choose_settings(struct cli *cli)
{
	for (int i = 0; i + 2 < cli->argc && strcmp(cli->argv[i], "--config") == 0; i += 2)
		cli->config = cli->argv[i + 1];
}

static void add_names(struct cli *cli, unsigned kinds, const char *typed, struct buf *out)
{
	struct directory_client *client;
	/* Why there is no answer is of no interest to somebody who is typing. */
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	close(null);
	if (directory_client_open(cli, &client) != 0)
		return;
	if (kinds & COMPLETION_DOMAINS)
		completion_domains(client, typed, out);
	if (kinds & COMPLETION_ADDRESSES)
		completion_addresses(client, typed, out);
	directory_client_close(client);
}

int cli_completion_words(struct cli *cli)
{
	struct buf out;
	/* "completion", "words" */
	cli->argc -= 2;
	cli->argv += 2;
	buf_init(&out, COMPLETION_MAX);
	const char *typed = cli->argv[cli->argc - 1];
	unsigned kinds = completion_find(
	    cli->commands, cli->command_count, (const char *const *)cli->argv, (size_t)cli->argc, &out);
	choose_settings(cli);
	if (kinds & (COMPLETION_DOMAINS | COMPLETION_ADDRESSES))
		add_names(cli, kinds, typed, &out);
	if (kinds & COMPLETION_FILES)
		(void)buf_append_string(&out, "-files\n");
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	settings_done(&cli->settings);
	return 0;
}
