//! Embedded content: players stay, a frame becomes a link to its page, a check box and the TeX of a formula become
//! text. All other embedded elements, the controls of forms and scripts are removed and counted.

use std::borrow::Cow;

use crate::archive::body::html::clean::{EMBED_CLASS, EXTERNAL_REL, TASK_CLASS};
use crate::archive::body::html::link::{self, LinkTarget};
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::{Media, OpenMedia};
use crate::archive::body::html::text::fold;
use crate::archive::body::html::tokens::StartTag;
use crate::archive::body::html::{attributes, references};
use crate::archive::body::kramdown::literal::escape_html;

/// The scripts that write a page into the article: the beginning of their address, and its end that the address of
/// the page lacks.
const EMBED_SCRIPTS: [(&str, &str); 3] =
    [("//gist.github.com/", ".js"), ("//asciinema.org/a/", ".js"), ("//datawrapper.dwcdn.net/", "embed.js")];
/// Maximum number of hosts of scripts that a report names.
const MAX_HOSTS: usize = 10;

impl<'a> Rewriter<'a> {
    /// Begins a player.
    pub(crate) fn media(&mut self, tag: &StartTag<'a>) -> Box<OpenMedia> {
        self.enter_cell();
        let mut attributes = String::new();
        let has_source = attributes::media_source(tag, self.site, &mut attributes);
        attributes::media_look(tag, self.site, &mut attributes);
        Box::new(OpenMedia { attributes, sources: String::new(), has_source })
    }

    /// Adds a `source` to the player around it.
    pub(crate) fn add_media_source(&mut self, tag: &StartTag<'a>) {
        let mut open = self.open.iter_mut().rev();
        let Some(media) = open.find_map(|open| open.media.as_deref_mut()) else { return };
        let mut attributes = String::new();
        if attributes::media_source(tag, self.site, &mut attributes) {
            media.sources.extend(["<source", attributes.as_str(), ">"]);
            media.has_source = true;
        }
    }

    /// Writes a player. The browser fetches nothing before a reader starts the player.
    pub(crate) fn write_media(&mut self, name: &str, media: &OpenMedia) {
        if !media.has_source {
            return self.count_dropped(name);
        }
        let start = self.out.len();
        self.out.extend(["<", name, " controls=\"\" preload=\"none\"", media.attributes.as_str(), ">"]);
        self.out.extend([media.sources.as_str(), "</", name, ">"]);
        self.entities = 0;
        self.enter(name, start);
        self.mark_media();
    }

    /// Shows an element whose content is no markup, if it embeds a page. A frame of a pixel counts readers.
    pub(crate) fn raw_element(&mut self, tag: &StartTag<'a>) {
        let is_shown = || !attributes::is_hidden(tag) && !attributes::is_tiny(tag);
        match &*tag.name {
            "iframe" if is_shown() => {
                let hrefs = ["src", "data-src"].map(|name| attributes::get(tag, name));
                if hrefs[0].is_none() && tag.get("srcdoc").is_some() {
                    return self.count_dropped(&tag.name);
                }
                self.embed(tag, hrefs);
            }
            "script" => self.script(tag),
            "textarea" if !attributes::is_hidden(tag) => self.count_dropped(&tag.name),
            _ => {}
        }
    }

    /// Shows a link to the page that a script embeds. Counts any other script.
    fn script(&mut self, tag: &StartTag<'a>) {
        let src = attributes::get(tag, "src").unwrap_or_default();
        if let Some(page) = embedded_page(&src) {
            let page = page.to_owned();
            self.embed(tag, [Some(Cow::Owned(page)), None]);
        } else if attributes::is_program(tag) && self.is_visible() {
            let target = link::target(&src, self.site).filter(|target| target.is_external);
            let hosts = &mut self.scripts.hosts;
            if let Some(host) = target.as_ref().map(|target| link::host(&target.url))
                && hosts.len() < MAX_HOSTS
                && hosts.iter().all(|known| !known.eq_ignore_ascii_case(host))
            {
                hosts.push(host.to_owned());
            }
            self.scripts.count += 1;
        }
    }

    /// Shows the raw content of a script with a formula or of a field of a form.
    pub(crate) fn raw_content(&mut self, tag: &StartTag<'a>, content: &str) {
        let mut text = String::new();
        match &*tag.name {
            "script" => text.extend(formula(tag, content)),
            "textarea" if !attributes::is_hidden(tag) => {
                references::resolve_text(content, |part| text.push_str(part));
            }
            _ => {}
        }
        let text = text.trim();
        if !text.is_empty() {
            self.add_text(text);
        }
    }

    /// Shows an element whose tags are skipped if it embeds a page or is a check box. Counts an element that readers
    /// lose.
    pub(crate) fn skipped_element(&mut self, tag: &StartTag<'a>) {
        match &*tag.name {
            "embed" | "frame" if !attributes::is_hidden(tag) && !attributes::is_tiny(tag) => {
                self.embed(tag, [attributes::get(tag, "src"), None]);
            }
            "input" if !attributes::is_hidden(tag) => self.input(tag),
            // The area of an image map is a link.
            "area" if tag.get("href").is_some() => self.count_dropped(&tag.name),
            "track" => self.count_dropped_track(),
            _ => {}
        }
    }

    /// Returns whether to remove the content of an element that articles do not show. An `object` that embeds
    /// nothing shows its content.
    pub(crate) fn hides_content(&mut self, tag: &StartTag<'a>) -> bool {
        match &*tag.name {
            _ if attributes::is_hidden(tag) => {}
            "object" => return self.embed(tag, [attributes::get(tag, "data"), None]),
            "svg" | "math" | "canvas" | "applet" | "select" => self.count_dropped(&tag.name),
            _ => {}
        }
        true
    }

    /// Writes a link to the first valid address that an element embeds. Returns false, with no output, without a
    /// valid address.
    fn embed(&mut self, tag: &StartTag<'a>, hrefs: [Option<Cow<'a, str>>; 2]) -> bool {
        let hrefs = hrefs.into_iter().flatten().filter(|href| !href.trim().is_empty());
        let hrefs: Vec<Cow<'a, str>> = hrefs.collect();
        let Some(target) = hrefs.iter().find_map(|href| link::target(href, self.site)) else {
            if !hrefs.is_empty() {
                self.count_dropped(&tag.name);
            }
            return false;
        };
        let title = attributes::get(tag, "title").unwrap_or_default();
        let title = fold(&title);
        self.enter_cell();
        // Outside of any element, a link that begins a line is a paragraph.
        let is_alone = self.shown == 0 && (self.current.is_none() || self.out.ends_with('\n'));
        if is_alone {
            let start = self.out.len();
            self.out.push_str("<p>");
            self.enter("p", start);
            self.shown += 1;
        }
        let label = if title.is_empty() { link::host(&target.url) } else { &*title };
        if self.open.iter().any(|open| open.shown.as_deref() == Some("a")) {
            // Links cannot be nested.
            self.add_text(label);
            self.count_dropped(&tag.name);
        } else {
            self.write_embed_link(&target, label);
        }
        self.mark_media();
        if is_alone {
            self.out.push_str("</p>");
            self.shown -= 1;
            self.end_child();
        }
        true
    }

    fn write_embed_link(&mut self, target: &LinkTarget, label: &str) {
        let start = self.out.len();
        self.out.push_str("<a href=\"");
        escape_html(&target.url, &mut self.out);
        self.out.extend(["\" class=\"", EMBED_CLASS, "\""]);
        if target.is_external {
            self.out.extend([" rel=\"", EXTERNAL_REL, "\""]);
        }
        self.out.push('>');
        self.entities = 0;
        self.enter("a", start);
        self.shown += 1;
        self.add_text(label);
        self.out.push_str("</a>");
        self.entities = 0;
        self.shown -= 1;
    }

    /// Shows a check box, and counts the other fields that readers see. They have no effect without their form.
    fn input(&mut self, tag: &StartTag<'a>) {
        let kind = attributes::get(tag, "type").unwrap_or_default();
        if kind.trim().eq_ignore_ascii_case("checkbox") {
            self.task(tag);
        } else if !kind.trim().eq_ignore_ascii_case("hidden") {
            self.count_dropped(&tag.name);
        }
    }

    /// Writes the box of a task.
    fn task(&mut self, tag: &StartTag<'a>) {
        let [open, done] = self.site.task_states;
        let (title, mark) = if tag.get("checked").is_some() { (done, "☑") } else { (open, "☐") };
        self.enter_cell();
        let start = self.out.len();
        self.out.push_str("<abbr");
        if !title.is_empty() {
            self.out.extend([" title=\"", title, "\""]);
        }
        self.out.extend([" class=\"", TASK_CLASS, "\">", mark, "</abbr> "]);
        self.enter("abbr", start);
    }

    /// Marks the child of the body as one that is more than its text.
    fn mark_media(&mut self) {
        if let Some(child) = &mut self.current {
            child.media = Media::Other;
        }
    }

    /// Counts an element that readers do not get, unless it is within a hidden one.
    pub(crate) fn count_dropped(&mut self, name: &str) {
        if self.is_visible() {
            self.add_dropped(name);
        }
    }

    /// Returns whether no open element is hidden.
    fn is_visible(&self) -> bool {
        self.open.iter().all(|open| open.hidden.is_none())
    }

    /// Counts the subtitles of a player, whose own content is hidden.
    fn count_dropped_track(&mut self) {
        let mut hidden = self.open.iter().filter(|open| open.hidden.is_some());
        if hidden.next().is_some_and(|open| open.media.is_some()) && hidden.next().is_none() {
            self.add_dropped("track");
        }
    }

    fn add_dropped(&mut self, name: &str) {
        let (_, count) = self.dropped.get_or_insert_with(|| (name.to_owned(), 0));
        *count += 1;
    }
}

/// The address of the page that a script embeds.
fn embedded_page(src: &str) -> Option<&str> {
    let address = src.trim().split(['?', '#']).next()?;
    EMBED_SCRIPTS.iter().find_map(|(start, end)| {
        let (scheme, id) = address.split_once(*start)?;
        id.strip_suffix(*end).filter(|id| !id.is_empty())?;
        matches!(scheme, "" | "http:" | "https:").then(|| address.strip_suffix(*end)).flatten()
    })
}

/// Returns the TeX of a MathJax script, between the marks of formulas that kramdown writes. Older versions of kramdown
/// wrote such scripts, with a `CDATA` section around a text with `<` or `&`.
fn formula(tag: &StartTag<'_>, content: &str) -> Option<String> {
    let kind = attributes::get(tag, "type")?;
    let (kind, mode) = kind.split_once(';').unwrap_or((&*kind, ""));
    if !kind.trim().eq_ignore_ascii_case("math/tex") {
        return None;
    }
    let tex = content.trim();
    let inner = tex.strip_prefix("% <![CDATA[").and_then(|tex| tex.strip_suffix("%]]>"));
    let tex = inner.unwrap_or(tex).trim().replace('\0', "");
    let [open, close] = if mode.contains("display") { ["\\[", "\\]"] } else { ["\\(", "\\)"] };
    (!tex.is_empty()).then(|| [open, tex.as_str(), close].concat())
}
