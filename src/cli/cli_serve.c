/* serve: reads the settings, and becomes the master. */
#include <stdio.h>

#include "cli/cli.h"
#include "master/master.h"
#include "process/ipc_digest.h"

int cli_serve(struct cli *cli)
{
	bool speaks = cli_option(cli, "--speaks");
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	/* A running server asks the program that shall take its place. */
	if (speaks) {
		char digest[IPC_DIGEST_SIZE];
		ipc_digest(digest);
		printf("%s %s\n", POSTRIDER_VERSION, digest);
		return 0;
	}
	/* The master reads them itself: at its start as at a reload. */
	settings_init(&cli->settings);
	struct master_options options = {.config = cli->config, .settings = &cli->settings};
	return master_run(&options);
}
