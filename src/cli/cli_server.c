/* status, reload, upgrade, stop and metrics: asked of the running server by the master's own socket. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/store_client.h"

/* No word of the server is waited for longer: a stop takes drain_seconds, and some seconds for each group. */
enum {
	PATIENCE_SECONDS = 60,
	/* More than the master allows itself for all its steps (master/master_upgrade.c). */
	UPGRADE_SECONDS = 300
};

static void take(struct view text, bool last, void *arg)
{
	FILE *out = arg;
	(void)last;
	fwrite(text.data, 1, text.len, out);
}

/* A descriptor; or -1, and *status with the reason printed. */
static int open_socket(struct cli *cli, int *status)
{
	*status = cli_words(cli, 0, 0) ? cli_settings(cli) : EXIT_USAGE;
	if (*status)
		return -1;
	int fd = admin_client_connect(&cli->settings, "master");
	if (fd >= 0)
		return fd;
	*status = errno == EACCES ? EXIT_REFUSED : EXIT_UNAVAILABLE;
	if (errno == EACCES)
		fprintf(stderr,
		    "postrider: you may not open the server's socket in %.*s; use sudo, or the user that the "
		    "server "
		    "runs as\n",
		    VIEW_FMT(cli->settings.run));
	else
		fprintf(stderr, "postrider: no server runs with the settings in %s\n", cli->config);
	return -1;
}

static int ask(int fd, const char *word, bool json, FILE *out, int64_t seconds)
{
	struct view words[] = {view_from_string(word)};
	return admin_client_ask(fd, words, 1, json, seconds * 1000, take, out);
}

int cli_status(struct cli *cli)
{
	int status, fd = open_socket(cli, &status);
	if (fd < 0) {
		if (status == EXIT_UNAVAILABLE && cli->json)
			puts("{\"state\":\"stopped\"}");
		return status;
	}
	return ask(fd, "status", cli->json, stdout, PATIENCE_SECONDS);
}

int cli_reload(struct cli *cli)
{
	int status, fd = open_socket(cli, &status);
	if (status == EXIT_SETTINGS)
		fputs("postrider: the server was told nothing: its settings and certificates stay in force\n",
		    stderr);
	if (fd < 0)
		return status;
	status = ask(fd, "reload", false, stderr, PATIENCE_SECONDS);
	if (cli->json)
		printf("{\"reloaded\":%s}\n", status == 0 ? "true" : "false");
	else if (status == 0)
		puts("reloaded: every role has the new settings and certificates");
	return status;
}

int cli_upgrade(struct cli *cli)
{
	/* What is left of the upgrade before, and relay, may take as long as at a stop. */
	int status, fd = open_socket(cli, &status);
	if (fd < 0)
		return status;
	status = ask(fd, "upgrade", false, cli->json ? stderr : stdout,
	    UPGRADE_SECONDS + 4 * (int64_t)cli->settings.drain_seconds);
	if (cli->json)
		printf("{\"upgraded\":%s}\n", status == 0 ? "true" : "false");
	return status;
}

int cli_stop(struct cli *cli)
{
	int status, fd = open_socket(cli, &status);
	if (fd < 0)
		return status;
	status = ask(fd, "stop", false, stderr, PATIENCE_SECONDS + (int64_t)cli->settings.drain_seconds);
	if (cli->json)
		printf("{\"stopped\":%s}\n", status == 0 ? "true" : "false");
	else if (status == 0)
		puts("stopped");
	return status;
}

int cli_metrics(struct cli *cli)
{
	int status, fd = open_socket(cli, &status);
	return fd < 0 ? status : ask(fd, "metrics", false, stdout, PATIENCE_SECONDS);
}
