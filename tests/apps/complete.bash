# What bash offers when the tab key is pressed behind a command line, a word a line:
#   bash complete.bash FOLDER_OF_THE_SCRIPT 'babelgrad train --'
source "$1/babelgrad.bash"
compopt() { :; }  # works only while a key is being handled
read -ra COMP_WORDS <<<"${2//=/ = }"
if [[ $2 == *[\ =] ]]; then COMP_WORDS+=(""); fi
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_babelgrad
printf '%s\n' "${COMPREPLY[@]}" | sort -u
