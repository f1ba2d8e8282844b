/**
 * CEL in unified matchers: an input that is all of the request, and the matcher over it. Follows Envoy's
 * `source/extensions/matching/http/cel_input` and `input_matchers/cel_matcher`.
 */
import { type AttributeEnvironment, attributeEnvironment } from '../attributes/attribute-source.ts'
import { configError } from '../config/position.ts'
import { type Expr, HttpAttributesCelMatchInput } from '../config/v3.ts'
import {
  type Input,
  type InputMatcher,
  insufficientData,
  type MatchData,
  type Matching,
} from '../matching/match-data.ts'
import { httpInputs } from '../matching/match-inputs.ts'
import { compileCel, compileExpr, type CelExpression } from './cel.ts'

/** `xds.type.matcher.v3.CelMatcher`; the trees are of two packages and the same shape. */
interface CelMatcher {
  readonly exprMatch?: {
    readonly parsedExpr?: { readonly expr?: Expr }
    readonly checkedExpr?: { readonly expr?: Expr }
    readonly celExprParsed?: { readonly expr?: Expr }
    readonly celExprChecked?: { readonly expr?: Expr }
    readonly celExprString?: string
  }
}

const celMatcherUrl = 'type.googleapis.com/xds.type.matcher.v3.CelMatcher'

/** What matchers over requests and their answers may ask, CEL included. */
export function httpMatching(context: Parameters<typeof attributeEnvironment>[0]): Matching {
  const environment = attributeEnvironment(context)
  return {
    inputs: { ...httpInputs, [HttpAttributesCelMatchInput.typeUrl]: () => attributes },
    matchers: { [celMatcherUrl]: message => makeCelMatcher(message, environment) },
  }
}

const attributes: Input = {
  kind: 'attributes',
  get: data =>
    data.requestHeaders === undefined && data.responseHeaders === undefined && data.responseTrailers === undefined
      ? insufficientData
      : data,
}

function makeCelMatcher(message: CelMatcher, environment: AttributeEnvironment): InputMatcher {
  const expression = compiled(message, environment)
  return {
    kind: 'attributes',
    matches(value) {
      const { streamInfo, requestHeaders, responseHeaders, responseTrailers } = value as MatchData
      return expression.matches({ streamInfo, requestHeaders, responseHeaders, responseTrailers })
    },
  }
}

function compiled(message: CelMatcher, environment: AttributeEnvironment): CelExpression {
  const { exprMatch } = message
  if (exprMatch === undefined) throw configError(message, 'exprMatch', 'is required')
  const { celExprString, parsedExpr, checkedExpr, celExprParsed, celExprChecked } = exprMatch
  try {
    const tree = celExprChecked ?? celExprParsed ?? checkedExpr ?? parsedExpr
    return tree === undefined ? compileCel(celExprString ?? '', environment) : compileExpr(tree.expr, environment)
  } catch (error) {
    throw configError(message, 'exprMatch', (error as Error).message)
  }
}
