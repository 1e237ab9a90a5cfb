# What zsh offers when the tab key is pressed behind a command line, a word a line:
#   zsh complete.zsh FOLDER_OF_THE_SCRIPT 'babelgrad train --'
# A shell on a terminal of its own loads the completion; `compadd` in it notes what it is given.
zmodload zsh/zpty
work=$(mktemp -d)
: >$work/offers
cat >$work/setup <<SETUP
fpath=(${(q)1:a} \$fpath)
autoload -Uz compinit && compinit -D -u
setopt no_auto_list  # and so no question whether to list them all
bindkey '^I' complete-word
compadd() {
  if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    local -a hits
    builtin compadd -A hits "\$@"
    print -lr -- \$hits >>$work/offers
  fi
  builtin compadd "\$@"
}
comppostfuncs=(exit)
print loaded
SETUP
zpty shell zsh -f -i
zpty -w shell "source $work/setup"
zpty -r shell line '*loaded*'
zpty -n -w shell "$2"$'\t'
while zpty -r shell line; do :; done
sort -u $work/offers
rm -r $work
