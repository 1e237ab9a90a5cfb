# What fish offers when the tab key is pressed behind a command line, a word a line:
#   fish --no-config complete.fish FOLDER_OF_THE_SCRIPT 'babelgrad train --'
source $argv[1]/babelgrad.fish
complete -C $argv[2] | string replace -r '\t.*' '' | sort -u
