/* message show, structure, extract: what the MIME parser sees in a file. The way to the others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/show.h"
#include "cli/cli.h"
#include "cli/message_stored.h"
#include "cli/message_tool.h"

enum { OUTPUT_MAX = 1 << 30 };

/* A part goes byte for byte into a file or a pipe. A terminal would obey it: there it is shown like any text.
 */
static void print(bool part, struct view bytes)
{
	struct buf shown;
	buf_init(&shown, 4 * bytes.len + 16);
	if (part && isatty(STDOUT_FILENO)) {
		show_text(&shown, bytes);
		bytes = buf_view(&shown);
	}
	fwrite(bytes.data, 1, bytes.len, stdout);
	buf_done(&shown);
}

static int run(struct cli *cli, struct view message)
{
	struct buf out;
	int error;
	buf_init(&out, OUTPUT_MAX);
	if (strcmp(cli->argv[0], "show") == 0)
		error = message_tool_show(message, &out, cli->json);
	else if (strcmp(cli->argv[0], "structure") == 0)
		error = message_tool_structure(message, &out, cli->json);
	else
		error = message_tool_extract(message, view_from_string(cli->argv[2]), &out);
	if (error == 0)
		print(strcmp(cli->argv[0], "extract") == 0, buf_view(&out));
	else if (error == -ENOENT)
		fprintf(stderr,
		    "postrider: the message has no part %s; `postrider message structure` lists its parts\n",
		    cli->argv[2]);
	else
		fprintf(stderr, "postrider: the message is too large to be shown: %s\n", strerror(-error));
	buf_done(&out);
	return error == -ENOENT ? EXIT_NOTHING : error ? EXIT_DATA : 0;
}

int cli_message(struct cli *cli)
{
	struct stat st;
	if (cli->argc > 0 && strcmp(cli->argv[0], "send") == 0)
		return cli_send(cli);
	if (cli->argc > 0 && strcmp(cli->argv[0], "fetch") == 0)
		return cli_fetch(cli);
	bool show = cli->argc > 0 && strcmp(cli->argv[0], "show") == 0,
	     structure = cli->argc > 0 && strcmp(cli->argv[0], "structure") == 0,
	     extract = cli->argc > 0 && strcmp(cli->argv[0], "extract") == 0;
	if (!show && !structure && !extract)
		return cli_no_verb(cli, "show, structure, extract, send, fetch");
	if (!cli_words(cli, extract ? 3 : 2, show ? 4 : extract ? 3 : 2))
		return EXIT_USAGE;
	if (show && cli->argc > 2)
		return message_stored_show(cli);
	int fd = open(cli->argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		fprintf(stderr, "postrider: cannot read %s: %s\n", cli->argv[1], strerror(errno));
		return EXIT_NOTHING;
	}
	void *data = st.st_size ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (data == MAP_FAILED) {
		fprintf(stderr, "postrider: cannot read %s: %s\n", cli->argv[1], strerror(errno));
		return EXIT_NOTHING;
	}
	int status = run(cli, view_of(data, (size_t)st.st_size));
	if (data)
		munmap(data, (size_t)st.st_size);
	return status;
}
