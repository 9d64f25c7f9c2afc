//! The articles of a story, and what the page of one of them shows of the others: the digest, and the securities
//! with their quote pages.

use std::collections::HashMap;
use std::{io, iter};

use crate::archive::body::is_digest_repeated;
use crate::archive::compressed::ArticleContent;
use crate::archive::post::Mention;
use crate::archive::snapshot::GroupKind;
use crate::archive::{NameId, Post, PostId, Snapshot};
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;

/// The articles of a story.
pub(crate) struct StoryArticles<'a> {
    /// The post of the page, and its article.
    own: (&'a Post, ArticleContent),
    others: Vec<(&'a Post, ArticleContent)>,
}

/// A security that a story mentions.
pub(crate) struct MentionedSecurity<'a> {
    pub(crate) name: &'a str,
    pub(crate) code: &'a str,
    /// The security's page; `None` if no listed post mentions it.
    pub(crate) href: Option<String>,
    /// The quote page on another host.
    pub(crate) quote: Option<String>,
}

impl<'a> StoryArticles<'a> {
    /// Reads the article of a post and those of the other posts of its story.
    ///
    /// # Errors
    /// If the stored bytes are damaged.
    pub(crate) fn from_posts(archive: &'a Snapshot, own: &'a Post, others: &[PostId]) -> io::Result<Self> {
        let article = |post: &'a Post| archive.article(post).map(|article| (post, article));
        let others = others.iter().map(|id| article(archive.post(*id)));
        Ok(Self { own: article(own)?, others: others.collect::<io::Result<_>>()? })
    }

    /// The article of the page.
    pub(crate) fn own(&self) -> &ArticleContent {
        &self.own.1
    }

    /// The digest of the article, or another one that the article's text does not repeat.
    pub(crate) fn digest(&self) -> Option<&str> {
        let (post, own) = &self.own;
        let mut others = self.others.iter().filter_map(|(_, other)| other.digest.as_deref());
        let other = || others.find(|digest| !is_digest_repeated(digest, post.title(), &own.html));
        own.digest.as_deref().or_else(other)
    }

    /// The securities that the posts of the story mention.
    pub(crate) fn securities(
        &self,
        request: &PageRequest<'a>,
        mentions: &[Mention],
    ) -> Vec<MentionedSecurity<'a>> {
        let mut quotes: HashMap<NameId, &str> = HashMap::new();
        for (post, article) in iter::once(&self.own).chain(&self.others) {
            let codes = post.securities.iter().map(|mention| mention.code);
            for (code, quote) in codes.zip(&article.quotes).filter(|(_, quote)| !quote.is_empty()) {
                quotes.entry(code).or_insert(quote);
            }
        }
        let quote = |mention: &Mention| quotes.get(&mention.code).map(|url| (*url).to_owned());
        mentions.iter().map(|mention| security(request, mention, quote(mention))).collect()
    }
}

fn security<'a>(
    request: &PageRequest<'a>,
    mention: &Mention,
    quote: Option<String>,
) -> MentionedSecurity<'a> {
    let archive = request.archive;
    let code = archive.name(mention.code);
    let kind = GroupKind::Security;
    let page = archive.groups(kind).get(mention.code).map(|_| Route::group(kind, code));
    let href = page.map(|page| request.site.href(page));
    MentionedSecurity { name: archive.shown_name(mention), code, href, quote }
}
