const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']

/** What `wordPieceTokenizer` knows in tests, by id: 0 to 3 are [PAD], [UNK], [CLS] and [SEP]. */
const vocabulary = [...specials, ...'the bill is wrong late ##ly parcel my ? ! un ##paid cafe .'.split(' ')]

/** A lower-case WordPiece tokenizer in the format of `tokenizer.json`; with `specials` around texts, as BERT has them. */
export function wordPieceTokenizer(options: { specials: boolean } = { specials: true }): string {
  const vocab = Object.fromEntries(vocabulary.map((token, id) => [token, id]))
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      id,
      content,
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: options.specials ? postProcessor : null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  })
}

const special = (id: string, type: number) => ({ SpecialToken: { id, type_id: type } })
const sequence = (id: string, type: number) => ({ Sequence: { id, type_id: type } })

const postProcessor = {
  type: 'TemplateProcessing',
  single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
  pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
  special_tokens: {
    '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
    '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
  },
}
