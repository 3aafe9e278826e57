"""Owns: the completion scripts for bash, zsh and fish, which ask `pypod __complete` about a word."""

from __future__ import annotations

_BASH = r"""# bash completion for pypod; made by `pypod completion bash`
__pypod_complete() {
    local answer line what word i glue='' words=()
    # readline takes = and : as borders of words: put the parts together again
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word="${COMP_WORDS[i]}"
        if [[ ( $word == [=:]* || $glue ) && ${#words[@]} -gt 0 && $COMP_WORDBREAKS == *[=:]* ]]; then
            words[-1]+="$word"
        else
            words+=("$word")
        fi
        [[ $word == [=:] ]] && glue=1 || glue=''
    done
    local cur="${words[-1]}"
    COMPREPLY=()
    answer="$("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)" || return 0
    while IFS= read -r line; do
        case $line in
            :*) what="${line#:}" ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done <<<"$answer"
    case $what in
        files) compopt -o default 2>/dev/null ;;
        dirs) compopt -o dirnames 2>/dev/null ;;
    esac
    [[ ${#COMPREPLY[@]} = 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null
    # what stands before the last = or : is on the line already
    local border="${cur%"${cur##*[=:]}"}"
    if [ -n "$border" ] && [[ $COMP_WORDBREAKS == *[=:]* ]]; then
        for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]="${COMPREPLY[i]#"$border"}"; done
    fi
    if @DESCRIPTIONS@ && [ ${#COMPREPLY[@]} -gt 1 ] && [ "${COMP_TYPE:-9}" = 63 ] && [ -z "$border" ]; then
        local width=0 shown=()
        for line in "${COMPREPLY[@]}"; do [ ${#line} -gt $width ] && width=${#line}; done
        while IFS= read -r line; do
            case $line in
                :*) ;;
                *$'\t'*) shown+=("$(printf "%-${width}s  (%s)" "${line%%$'\t'*}" "${line#*$'\t'}")") ;;
                *) shown+=("$line") ;;
            esac
        done <<<"$answer"
        COMPREPLY=("${shown[@]}")
    fi
}
complete -F __pypod_complete pypod
"""

_ZSH = r"""#compdef pypod
# zsh completion for pypod; made by `pypod completion zsh`
_pypod() {
    local answer line what
    local -a rows
    answer="$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)" || return 1
    while IFS= read -r line; do
        case $line in
            :*) what="${line#:}" ;;
            *$'\t'*) @ROW@ ;;
            *) rows+=("${line//:/\\:}") ;;
        esac
    done <<<"$answer"
    (( ${#rows} )) && _describe -V pypod rows
    case $what in
        files) _files ;;
        dirs) _files -/ ;;
    esac
}
if [ "$funcstack[1]" = _pypod ]; then
    _pypod "$@"
else
    compdef _pypod pypod
fi
"""
_ZSH_ROW = r"""rows+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")"""
_ZSH_PLAIN = r"""rows+=("${${line%%$'\t'*}//:/\\:}")"""

_FISH = r"""# fish completion for pypod; made by `pypod completion fish`
function __pypod_ask
    set -l words (commandline -opc) (commandline -ct)
    set -g __pypod_what none
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        if string match -q ':*' -- $line
            set -g __pypod_what (string sub -s 2 -- $line)
        else
            echo @LINE@
        end
    end
    switch $__pypod_what
        case files
            __fish_complete_path (commandline -ct)
        case dirs
            __fish_complete_directories (commandline -ct)
    end
end
complete -c pypod -e
complete -c pypod -f -a '(__pypod_ask)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str, descriptions: bool = True) -> str:
    """The completion script of a shell, with or without descriptions of the candidates."""
    text = SCRIPTS[shell]
    text = text.replace("@DESCRIPTIONS@", "true" if descriptions else "false")
    text = text.replace("@ROW@", _ZSH_ROW if descriptions else _ZSH_PLAIN)
    return text.replace("@LINE@", "$line" if descriptions else r"(string split -f 1 \t -- $line)")
