/* serve: reads the settings, and becomes the master. */
#include "cli/cli.h"
#include "master/master.h"

int cli_serve(struct cli *cli)
{
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	/* The master reads them itself: at its start as at a reload. */
	settings_init(&cli->settings);
	struct master_options options = {.config = cli->config, .settings = &cli->settings};
	return master_run(&options);
}
